"""Batches: their status follows from the tiers that have reported."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.batch import TERMINAL, Batch, status_after
from mixpeek_orchestration.core.report import TierReport

OK = TierReport("c", submitted=1, written=1)
SOME = TierReport("c", submitted=2, written=1, failed=1)
BAD = TierReport("c", submitted=1, failed=1)
STOPPED = TierReport("c", submitted=1, not_run=1)


def batch(**tiers: TierReport) -> Batch:
    return Batch("bat_1", "ns_1", "bkt_1", 1, ("one", "two"), submission=3, tiers=tiers)


@pytest.mark.parametrize(
    ("tiers", "wanted"),
    [
        ({}, "IN_PROGRESS"),
        ({"one": OK}, "IN_PROGRESS"),
        ({"one": BAD}, "IN_PROGRESS"),
        ({"one": OK, "two": OK}, "COMPLETED"),
        ({"one": OK, "two": SOME}, "COMPLETED_WITH_ERRORS"),
        ({"one": OK, "two": BAD}, "COMPLETED_WITH_ERRORS"),
        ({"one": BAD, "two": STOPPED}, "COMPLETED_WITH_ERRORS"),
        ({"one": BAD, "two": BAD}, "FAILED"),
        ({"one": OK, "two": STOPPED}, "CANCELED"),
    ],
)
def test_status_follows_from_reports(tiers: dict[str, TierReport], wanted: str) -> None:
    """Nothing is terminal before every tier reported; one failing tier is never a completed batch."""
    assert status_after(batch(**tiers)) == wanted


def test_a_run_belongs_to_one_submission() -> None:
    """The run key changes with every submit, so that each gets its own run, once."""
    assert batch().run_key == "bat_1:3"


def test_terminal_states_are_told_apart() -> None:
    """A draft, a pending batch and one in progress are not over."""
    assert not {"DRAFT", "PENDING", "IN_PROGRESS"} & TERMINAL
    assert not batch().is_terminal
