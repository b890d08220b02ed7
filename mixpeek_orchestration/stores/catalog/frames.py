"""Rows of the catalog as the frames that the planner joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from mixpeek_orchestration.core.plan import OUTCOME_SCHEMA, SOURCE_SCHEMA

SOURCE_FRAME_SCHEMA = {**SOURCE_SCHEMA, "properties": pl.List(pl.String)}
OUTCOME_COLUMNS = tuple(OUTCOME_SCHEMA)
_TRUE = ("1", "true")


def source_frame(columns: Sequence[Sequence[Any]], properties: Mapping[str, list[str]]) -> pl.DataFrame:
    """`item`, `root_object`, `source_fp`, `properties` from object ids, fingerprints and shapes."""
    item, source_fp, shape = (
        pl.Series(name, values, dtype=pl.String)
        for name, values in zip(("item", "source_fp", "shape"), columns, strict=True)
    )
    by_shape = pl.DataFrame(
        {"shape": list(properties), "properties": list(properties.values())},
        schema={"shape": pl.String, "properties": pl.List(pl.String)},
    )
    frame = pl.DataFrame([item, item.alias("root_object"), source_fp, shape])
    return frame.join(by_shape, on="shape", how="left", maintain_order="left").drop("shape")


def outcome_frame(columns: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """The frame of outcomes from its columns as text, in the order of `OUTCOME_COLUMNS`."""
    series = [
        pl.Series(name, values, dtype=pl.String)
        for name, values in zip(OUTCOME_COLUMNS, columns, strict=True)
    ]
    return pl.DataFrame(series).with_columns(pl.col("transient").is_in(_TRUE))


def frame_of(rows: Sequence[tuple[Any, ...]], schema: Mapping[str, Any]) -> pl.DataFrame:
    """A frame from rows, with its types also when it is empty."""
    return pl.DataFrame(rows, schema=dict(schema), orient="row")
