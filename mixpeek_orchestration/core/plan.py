"""The planner: what would run and why, decided by set operations over frames.

Three frames come in: the items a source has now, the items that have rows, and the items whose last outcome left
no (or not every) row. One frame comes out: a row per item with an `action` and a `reason`. The same plan is shown
to people and decides what runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as AnyOf
from dataclasses import dataclass, field, replace

import polars as pl

from mixpeek_orchestration.core.looks import Look, look_at, valid_outcomes

EXTRACT, PATCH, UNCHANGED, FAILED, DELETE = "extract", "patch", "unchanged", "failed", "delete"
FILTERED, MISSING = "filtered", "missing_input"

NEW = "new"
INPUT_CHANGED = "input_changed"
CODE_CHANGED = "code_changed"
PASS_CHANGED = "passthrough_changed"
RETRY = "retry_transient"
FORCED = "forced"
REPLAYED = "replayed"
ORPHANED = "orphaned"
KNOWN_FAILURE = "known_failure"
KNOWN_PARTIAL = "known_partial"
KNOWN_EMPTY = "known_empty"

SOURCE_SCHEMA = {"item": pl.String, "root_object": pl.String, "source_fp": pl.String}
STATE_SCHEMA = {**SOURCE_SCHEMA, "input_fp": pl.String, "pass_fp": pl.String, "code_fp": pl.String}
OUTCOME_SCHEMA = {
    **SOURCE_SCHEMA,
    "outcome": pl.String,
    "reason": pl.String,
    "input_fp": pl.String,
    "code_fp": pl.String,
    "transient": pl.Boolean,
    "replay": pl.String,
}
PLAN_SCHEMA = {"item": pl.String, "root_object": pl.String, "action": pl.String, "reason": pl.String}

Fingerprints = Mapping[str, tuple[str, str]]
"""`input_fp` and `pass_fp` by item."""


@dataclass(frozen=True)
class Plan:
    """`frame` has one row per item: `item`, `root_object`, `action`, `reason` (see the constants above).

    `stale_codes` are the codes that made what is stale because of its code, with how many items each made. `looks` are
    items that moved and are unchanged: whoever carries out the plan writes them down.
    """

    frame: pl.DataFrame
    code_fp: str
    stale_codes: Mapping[str, int] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()

    def items(self, action: str) -> list[str]:
        """The items with this action, in the order of the source."""
        return self.frame.filter(pl.col("action") == action)["item"].to_list()

    def count(self, action: str) -> int:
        return self.frame.filter(pl.col("action") == action).height

    def reasons(self) -> dict[str, int]:
        """How many items per reason, without the unchanged ones."""
        told = self.frame.filter(pl.col("action") != UNCHANGED).group_by("reason").len().sort("reason")
        return dict(zip(told["reason"].to_list(), told["len"].to_list(), strict=True))

    def within(self, roots: Sequence[str]) -> Plan:
        """The part of this plan that belongs to some root objects: one batch of the set that was planned."""
        wanted = pl.DataFrame({"root_object": list(roots)}, schema={"root_object": pl.String}).unique()
        return replace(
            self, frame=self.frame.join(wanted, on="root_object", how="semi", maintain_order="left")
        )

    def without(self, items: AnyOf[str]) -> Plan:
        """This plan but for some items: those that were gone when they were to be read."""
        if not items:
            return self
        gone = pl.DataFrame({"item": list(items)}, schema={"item": pl.String})
        return replace(self, frame=self.frame.join(gone, on="item", how="anti", maintain_order="left"))

    def count_reason(self, reason: str) -> int:
        return self.frame.filter(pl.col("reason") == reason).height

    @property
    def fetched(self) -> int:
        return self.frame.filter(pl.col("action") != DELETE).height


def make_plan(
    source: pl.DataFrame,
    state: pl.DataFrame,
    outcomes: pl.DataFrame,
    *,
    code_fp: str,
    fingerprints: Callable[[list[str]], Fingerprints],
    force: bool | AnyOf[str] = False,
    replays: AnyOf[str] = (),
) -> Plan:
    """The plan for a source.

    `source` has `item`, `root_object`, `source_fp`, and optionally the booleans `filtered` and `missing_input`.
    `state` and `outcomes` hold what is known of the items in scope; an item there that is not in `source`, or that
    can no longer be read, is orphaned (one with a flag is also counted under the flag). `fingerprints` is asked only for items whose `source_fp` moved while the code did not: a field that
    the extractor does not read may have changed, and then nothing needs to be extracted. Failed items that one of the
    batches in `replays` was asked to try again are extracted, whatever is known of them. `force` extracts everything
    that can be read, or what belongs to these root objects.
    """
    known = _known(state, valid_outcomes(outcomes, state))
    flagged = _with_flags(source)
    joined = flagged.join(known, on="item", how="left", maintain_order="left")
    decided = joined.with_columns(_coarse_action(code_fp, force=force, replays=replays).alias("verdict"))
    decided, looks = _resolve_moved(decided, fingerprints)
    present = decided.select(
        "item",
        "root_object",
        pl.col("verdict").str.split("/").list.get(0).alias("action"),
        pl.col("verdict").str.split("/").list.get(1).alias("reason"),
    )
    return Plan(pl.concat([present, _orphans(known, flagged)]), code_fp, _stale_codes(decided), looks)


def _known(state: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """One row per item that was processed before: rows joined with the outcome, whose fingerprints win."""
    rows = state.select(*STATE_SCHEMA).with_columns(pl.lit(True).alias("has_rows"))
    told = outcomes.select(*OUTCOME_SCHEMA).rename(
        {name: f"{name}_told" for name in OUTCOME_SCHEMA if name != "item"}
    )
    both = rows.join(told, on="item", how="full", coalesce=True)
    told_wins = ["source_fp", "input_fp", "code_fp", "root_object"]
    return both.select(
        "item",
        *[pl.coalesce(f"{name}_told", name).alias(f"known_{name}") for name in told_wins],
        pl.col("pass_fp").alias("known_pass_fp"),
        pl.col("source_fp").alias("row_source_fp"),
        pl.col("reason_told").alias("reason"),
        pl.col("has_rows").fill_null(False),
        pl.col("outcome_told").alias("outcome"),
        pl.col("transient_told").fill_null(False).alias("transient"),
        pl.col("replay_told").fill_null("").alias("replay"),
    )


def _with_flags(source: pl.DataFrame) -> pl.DataFrame:
    flags = [pl.lit(False).alias(name) for name in (FILTERED, MISSING) if name not in source.columns]
    return source.with_columns(*flags).select(*SOURCE_SCHEMA, FILTERED, MISSING)


def _stale_codes(decided: pl.DataFrame) -> dict[str, int]:
    stale = decided.filter(pl.col("verdict") == f"{EXTRACT}/{CODE_CHANGED}")
    counted = stale.group_by("known_code_fp").len().sort("len", "known_code_fp", descending=[True, False])
    return dict(counted.iter_rows())


def _forced(force: bool | AnyOf[str]) -> pl.Expr:
    if isinstance(force, bool):
        return pl.lit(force)
    return pl.col("root_object").is_in(pl.Series(list(force), dtype=pl.String).implode())


def _coarse_action(code_fp: str, *, force: bool | AnyOf[str], replays: AnyOf[str]) -> pl.Expr:
    """`action/reason`, or `moved/` where only the detailed fingerprints can tell."""
    is_known = pl.col("known_source_fp").is_not_null()
    same_code = pl.col("known_code_fp") == code_fp
    same_source = pl.col("known_source_fp") == pl.col("source_fp")
    failed = pl.col("outcome").is_in(["failed", "partial"]).fill_null(False)
    replayed = pl.col("replay").is_in(pl.Series(list(replays), dtype=pl.String).implode())
    return (
        pl.when(pl.col(FILTERED))
        .then(pl.lit(f"{FILTERED}/{FILTERED}"))
        .when(pl.col(MISSING))
        .then(pl.lit(f"{MISSING}/{MISSING}"))
        .when(~is_known)
        .then(pl.lit(f"{EXTRACT}/{NEW}"))
        .when(_forced(force))
        .then(pl.lit(f"{EXTRACT}/{FORCED}"))
        .when(failed & replayed)
        .then(pl.lit(f"{EXTRACT}/{REPLAYED}"))
        .when(~same_code)
        .then(pl.lit(f"{EXTRACT}/{CODE_CHANGED}"))
        .when(~same_source)
        .then(pl.lit("moved/moved"))
        .when(failed & pl.col("transient"))
        .then(pl.lit(f"{EXTRACT}/{RETRY}"))
        .when(pl.col("outcome") == "partial")
        .then(pl.lit(f"{FAILED}/{KNOWN_PARTIAL}"))
        .when(failed)
        .then(pl.lit(f"{FAILED}/{KNOWN_FAILURE}"))
        .when(pl.col("outcome") == "empty")
        .then(pl.lit(f"{UNCHANGED}/{KNOWN_EMPTY}"))
        .otherwise(pl.lit(f"{UNCHANGED}/{UNCHANGED}"))
    )


def _resolve_moved(
    decided: pl.DataFrame, fingerprints: Callable[[list[str]], Fingerprints]
) -> tuple[pl.DataFrame, tuple[Look, ...]]:
    moved = decided.filter(pl.col("verdict") == "moved/moved")
    if moved.is_empty():
        return decided, ()
    now = fingerprints(moved["item"].to_list())
    verdicts = [_moved_verdict(row, now.get(row["item"])) for row in moved.iter_rows(named=True)]
    resolved = moved.select("item").with_columns(pl.Series("resolved", verdicts, dtype=pl.String))
    joined = decided.join(resolved, on="item", how="left", maintain_order="left")
    unchanged = moved.filter(pl.Series(verdicts, dtype=pl.String).str.starts_with(f"{UNCHANGED}/"))
    looks = tuple(look_at(row) for row in unchanged.iter_rows(named=True))
    return joined.with_columns(pl.coalesce("resolved", "verdict").alias("verdict")).drop("resolved"), looks


def _moved_verdict(row: Mapping[str, object], now: tuple[str, str] | None) -> str:
    if now is None or now[0] != row["known_input_fp"]:
        return f"{EXTRACT}/{INPUT_CHANGED}"
    if row["outcome"] in ("failed", "partial"):
        known = KNOWN_PARTIAL if row["outcome"] == "partial" else KNOWN_FAILURE
        return f"{EXTRACT}/{RETRY}" if row["transient"] else f"{FAILED}/{known}"
    if row["has_rows"] and now[1] != row["known_pass_fp"]:
        return f"{PATCH}/{PASS_CHANGED}"
    if row["outcome"] == "empty":
        return f"{UNCHANGED}/{KNOWN_EMPTY}"
    return f"{UNCHANGED}/{UNCHANGED}"


def _orphans(known: pl.DataFrame, source: pl.DataFrame) -> pl.DataFrame:
    """What is known of items that are gone, or that can no longer be read: their documents must go."""
    readable = source.filter(~pl.col(FILTERED) & ~pl.col(MISSING))
    gone = known.join(readable.select("item"), on="item", how="anti")
    return gone.select(
        "item",
        pl.col("known_root_object").alias("root_object"),
        pl.lit(DELETE).alias("action"),
        pl.lit(ORPHANED).alias("reason"),
    )
