"""Looks: items whose source moved in a way that nobody reads. That is written down, so that it is seen once.

A row keeps the `source_fp` it was made from. After an edit of a field that is neither read nor carried, the item would
be loaded and compared in every plan from then on. Instead the ledger remembers the newer fingerprint beside the one in
the row: a look holds only for exactly that row, and is void as soon as the row is another one or gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

SEEN = "seen"
"""The outcome under which a look is kept; its reason is the `source_fp` in the row that was looked at."""


@dataclass(frozen=True)
class Look:
    """An item that was compared and found unchanged, with the fingerprint of its source at that moment."""

    item: str
    root_object: str
    outcome: str
    reason: str
    source_fp: str
    input_fp: str


def valid_outcomes(outcomes: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """The outcomes without looks at rows that are no longer there, or no longer the same."""
    if outcomes.filter(pl.col("outcome") == SEEN).is_empty():
        return outcomes
    rows = state.select("item", pl.col("source_fp").alias("in_row"), pl.col("code_fp").alias("code_in_row"))
    same = (pl.col("in_row") == pl.col("reason")) & (pl.col("code_in_row") == pl.col("code_fp"))
    joined = outcomes.join(rows, on="item", how="left", maintain_order="left")
    return joined.filter((pl.col("outcome") != SEEN) | same.fill_null(False)).select(outcomes.columns)


def look_at(row: Mapping[str, Any]) -> Look:
    """What is to be written down of an item that moved and is unchanged all the same."""
    is_empty = row["outcome"] == "empty"
    return Look(
        item=row["item"],
        root_object=row["root_object"],
        outcome="empty" if is_empty else SEEN,
        reason=row["reason"] if is_empty else row["row_source_fp"],
        source_fp=row["source_fp"],
        input_fp=row["known_input_fp"],
    )
