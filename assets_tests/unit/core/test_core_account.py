"""The account of a tier: whatever came of the items, it balances; and how much goes into one commit."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.account import Effects, account, share_of
from mixpeek_orchestration.core.commit_group import CommitGroup
from mixpeek_orchestration.core.report import Usage

ACTIONS = st.sampled_from(
    [
        planning.EXTRACT,
        planning.PATCH,
        planning.UNCHANGED,
        planning.FAILED,
        planning.FILTERED,
        planning.MISSING,
        planning.DELETE,
    ]
)
RESULTS = st.sampled_from(["written", "empty", "failed", "partial", None])


def plan_of(actions: list[str]) -> planning.Plan:
    rows = [(f"i{number}", "root", action, f"because {action}") for number, action in enumerate(actions)]
    return planning.Plan(pl.DataFrame(rows, schema=planning.PLAN_SCHEMA, orient="row"), "code")


@given(st.lists(st.tuples(ACTIONS, RESULTS), max_size=30))
def test_every_account_balances(items: list[tuple[str, str | None]]) -> None:
    """Any mix of actions and results is accounted for; what was to run and has no result was not run."""
    plan = plan_of([action for action, _ in items])
    results = {f"i{number}": result for number, (_, result) in enumerate(items) if result is not None}
    report = account("col", plan, Effects(results, {}))  # type: ignore[arg-type]
    unrun = sum(action == planning.EXTRACT and result is None for action, result in items)
    assert report.not_run == unrun
    assert report.deleted == sum(action == planning.DELETE for action, _ in items)
    assert report.fetched + report.deleted == len(items)


def test_known_failures_are_failures_and_patches_are_unchanged() -> None:
    """An item that is not run because it is known to fail still counts as failed; a patched one was not extracted."""
    report = account("col", plan_of([planning.FAILED, planning.PATCH, planning.EXTRACT]), Effects({"i2": "partial"}, {"i2": 3}))  # fmt: skip
    assert (report.submitted, report.failed, report.partial) == (2, 2, 1)
    assert (report.unchanged, report.patched, report.rows_written) == (1, 1, 3)
    assert report.outcome == "COMPLETED_WITH_ERRORS"


def test_usage_is_shared_by_items() -> None:
    """A batch bears its part of the time, and the whole peak of memory."""
    usage = Usage(wall_s=10, cpu_s=20, peak_rss_bytes=7, runner="ray")
    assert share_of(usage, 1, 4) == Usage(wall_s=2.5, cpu_s=5, peak_rss_bytes=7, runner="ray")
    assert share_of(usage, 0, 0).wall_s == 0


@pytest.mark.parametrize(
    ("progress", "full"),
    [
        ({"items": 499, "rows": 4_999, "seconds": 1.9}, False),
        ({"items": 500, "rows": 0, "seconds": 0.0}, True),
        ({"items": 1, "rows": 5_000, "seconds": 0.0}, True),
        ({"items": 1, "rows": 1, "seconds": 2.0}, True),
        ({"items": 0, "rows": 0, "seconds": 9.0}, False),
    ],
)
def test_the_first_limit_closes_a_group(progress: dict[str, float], full: bool) -> None:
    """Items, rows or time, whichever comes first; waiting alone never makes an empty commit."""
    assert CommitGroup().is_full(**progress) is full  # type: ignore[arg-type]


def test_groups_grow_with_the_table_up_to_ten_times() -> None:
    """Larger tables get larger commits, within bounds."""
    sizes = [CommitGroup().scaled(rows).max_items for rows in (0, 50_000, 200_000, 10_000_000)]
    assert sizes == [500, 500, 2_000, 5_000]
