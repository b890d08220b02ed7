"""What a repaired table lacks: the items that must be planned again, and the outcomes that no longer fit it."""

from __future__ import annotations

from collections.abc import Collection as AnyOf

import polars as pl

from mixpeek_orchestration.core.looks import SEEN
from mixpeek_orchestration.core.plan import DELETE, EXTRACT, NEW, PATCH, STATE_SCHEMA


def moved_roots(before: pl.DataFrame, after: pl.DataFrame) -> set[str]:
    """The source objects of items that have come, gone or changed between two states of a table."""
    keys = list(STATE_SCHEMA)
    apart = [
        one.select(keys).join(other.select(keys), on=keys, how="anti", nulls_equal=True)
        for one, other in ((before, after), (after, before))
    ]
    return set(pl.concat(apart)["root_object"].drop_nulls().to_list())


def lost_roots(plan: pl.DataFrame, moved: AnyOf[str]) -> set[str]:
    """The source objects of items that the planner knows nothing of any more, or that have `moved` and have to run: what
    was stale before the damage is no matter of a repair."""
    due = pl.col("action").is_in([EXTRACT, PATCH, DELETE])
    moved_and_due = due & pl.col("root_object").is_in(pl.Series(list(moved), dtype=pl.String).implode())
    return set(plan.filter((pl.col("reason") == NEW) | moved_and_due)["root_object"].to_list())


def contradicted(state: pl.DataFrame, outcomes: pl.DataFrame) -> list[str]:
    """Items whose recorded outcome the table contradicts: empty ones that have documents, partial ones that have none,
    or those of a better run (the documents of a partial item name no code), and looks at documents that are gone."""
    both = outcomes.select("item", "outcome").join(
        state.select("item", "code_fp").with_columns(pl.lit(True).alias("has_rows")), on="item", how="left"
    )
    has_rows = pl.col("has_rows").fill_null(False)
    empty = (pl.col("outcome") == "empty") & has_rows
    partial = (pl.col("outcome") == "partial") & (~has_rows | (pl.col("code_fp") != ""))
    seen = (pl.col("outcome") == SEEN) & ~has_rows
    found: list[str] = both.filter(empty | partial | seen)["item"].sort().to_list()
    return found
