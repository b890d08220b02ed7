"""Reports: every item is in exactly one counter, and the outcome says what really happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.core.report import TierReport, Usage, total

COUNT = st.integers(min_value=0, max_value=50)


@st.composite
def balanced(draw: st.DrawFn) -> TierReport:
    """A report whose parts add up."""
    written, empty, failed, not_run = (draw(COUNT) for _ in range(4))
    filtered, missing, unchanged = (draw(COUNT) for _ in range(3))
    submitted = written + empty + failed + not_run
    return TierReport(
        "col",
        fetched=filtered + missing + unchanged + submitted,
        source_filtered=filtered,
        missing_input=missing,
        unchanged=unchanged,
        submitted=submitted,
        written=written,
        empty=empty,
        failed=failed,
        not_run=not_run,
        rows_written=draw(COUNT),
        reasons={"new": draw(COUNT)},
        usage=Usage(wall_s=draw(COUNT), runner="in_process"),
    )


@given(balanced())
def test_a_report_that_balances_is_accepted_and_travels(report: TierReport) -> None:
    """Both equations hold; the report comes back from plain data as it was."""
    assert report.check() is report
    assert TierReport.from_dict(report.as_dict()) == report
    assert TierReport.from_dict({**report.as_dict(), "added_later": 1}) == report


@given(
    balanced(),
    st.sampled_from(["fetched", "submitted", "written", "empty", "failed", "not_run", "unchanged"]),
)
def test_a_report_that_lost_an_item_is_refused(report: TierReport, counter: str) -> None:
    """One item too many in any counter breaks an equation, and the error shows both sides."""
    with pytest.raises(Broken, match="does not balance") as caught:
        TierReport(**{**report.__dict__, counter: getattr(report, counter) + 1}).check()
    assert caught.value.context["report"][counter] == getattr(report, counter) + 1


@given(st.lists(balanced(), max_size=4))
def test_the_sum_of_balanced_reports_balances(reports: list[TierReport]) -> None:
    """Adding up reports loses nothing."""
    summed = total(reports, collection_id="all").check()
    assert summed.fetched == sum(report.fetched for report in reports)
    assert summed.reasons.get("new", 0) == sum(report.reasons["new"] for report in reports)


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ({}, "COMPLETED"),
        ({"unchanged": 5}, "COMPLETED"),
        ({"submitted": 5, "written": 5}, "COMPLETED"),
        ({"submitted": 5, "empty": 5}, "COMPLETED"),
        ({"submitted": 5, "failed": 5}, "FAILED"),
        ({"submitted": 5, "failed": 5, "source_filtered": 2}, "FAILED"),
        ({"submitted": 5, "failed": 5, "partial": 1}, "COMPLETED_WITH_ERRORS"),
        ({"submitted": 5, "failed": 5, "unchanged": 1}, "COMPLETED_WITH_ERRORS"),
        ({"submitted": 5, "failed": 1, "written": 4}, "COMPLETED_WITH_ERRORS"),
        ({"submitted": 5, "failed": 1, "not_run": 4}, "COMPLETED_WITH_ERRORS"),
        ({"submitted": 5, "written": 1, "not_run": 4}, "CANCELED"),
    ],
)
def test_the_outcome_follows_from_the_counts(counts: dict[str, int], wanted: str) -> None:
    """Failures are never a success, and nothing but failures is a failure."""
    assert TierReport("col", **counts).outcome == wanted


def test_the_last_line_says_everything() -> None:
    """Five counters always, and the rarer ones when there is something to say."""
    assert TierReport("col", unchanged=3).line == "0 written, 3 unchanged, 0 filtered, 0 empty, 0 failed"
    rich = TierReport("col", written=1, source_filtered=1, missing_input=1, patched=2, deleted=3, not_run=4)
    assert (
        rich.line == "1 written, 0 unchanged, 2 filtered, 0 empty, 0 failed, 2 patched, 3 deleted, 4 not run"
    )


def test_a_sum_keeps_the_first_error_and_the_largest_peak() -> None:
    """What is shown first is the first error; peaks of memory are not added."""
    first = TierReport("a", usage=Usage(wall_s=1, peak_rss_bytes=5))
    second = TierReport("b", first_error="boom", usage=Usage(wall_s=2, peak_rss_bytes=3))
    summed = total([first, second, TierReport("c", first_error="later")])
    assert (summed.first_error, summed.usage.wall_s, summed.usage.peak_rss_bytes) == ("boom", 3, 5)
