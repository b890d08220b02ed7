"""What the planner reads of a table, as frames."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from typing import Final

import polars as pl
import pyarrow as pa

from mixpeek_orchestration.core.document import (
    CODE_FP,
    CONTENT_FP,
    DOCUMENT_ID,
    INPUT_FP,
    PASS_FP,
    ROOT_OBJECT,
    SOURCE_FP,
    SOURCE_ITEM,
)

STATE: Final = {
    SOURCE_ITEM: "item",
    ROOT_OBJECT: "root_object",
    SOURCE_FP: "source_fp",
    INPUT_FP: "input_fp",
    PASS_FP: "pass_fp",
    CODE_FP: "code_fp",
}
UPSTREAM: Final = {DOCUMENT_ID: "item", ROOT_OBJECT: "root_object", CONTENT_FP: "source_fp"}


def state_frame(rows: pa.Table, roots: AnyOf[str] | None) -> pl.DataFrame:
    """One row per source item."""
    return _renamed(rows, STATE, roots).unique("item", keep="first", maintain_order=False)


def upstream_frame(rows: pa.Table, roots: AnyOf[str] | None) -> pl.DataFrame:
    """One row per document."""
    return _renamed(rows, UPSTREAM, roots)


def _renamed(rows: pa.Table, names: dict[str, str], roots: AnyOf[str] | None) -> pl.DataFrame:
    frame = pl.DataFrame({new: pl.from_arrow(rows[old]) for old, new in names.items()})
    if roots is None:
        return frame
    wanted = pl.DataFrame({"root_object": list(roots)}, schema={"root_object": pl.String}).unique()
    return frame.join(wanted, on="root_object", how="semi")
