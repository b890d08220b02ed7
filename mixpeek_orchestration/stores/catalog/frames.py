"""Rows of the catalog as the frames that the planner joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from mixpeek_orchestration.core.plan import OUTCOME_SCHEMA

OUTCOME_COLUMNS = tuple(OUTCOME_SCHEMA)


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
    """The frame of outcomes from its columns in the order of `OUTCOME_COLUMNS`."""
    series = [
        pl.Series(name, [bool(v) for v in values] if dtype == pl.Boolean else values, dtype=dtype)
        for (name, dtype), values in zip(OUTCOME_SCHEMA.items(), columns, strict=True)
    ]
    return pl.DataFrame(series)
