"""Frames of every library as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa

from mixpeek_orchestration.core.errors import InvalidInput


class ArrowStream(Protocol):
    """What Arrow's PyCapsule interface asks of a frame: pyarrow, pandas, polars and DuckDB have it."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


Frame = ArrowStream
"""A table, a data frame or a reader of batches; a polars LazyFrame is collected first."""


def record_batches(frame: Frame) -> Iterator[pa.RecordBatch]:
    """The batches of a frame, one at a time. Raises `InvalidInput` for what is no frame."""
    if not hasattr(frame, "__arrow_c_stream__") and hasattr(frame, "collect"):
        frame = frame.collect()
    if not hasattr(frame, "__arrow_c_stream__"):
        raise InvalidInput(
            f"A {type(frame).__name__} is no frame.",
            field="frame",
            value=type(frame).__name__,
            fix="Give a pyarrow table or reader, a pandas or a polars frame.",
        )
    return iter(pa.RecordBatchReader.from_stream(frame))
