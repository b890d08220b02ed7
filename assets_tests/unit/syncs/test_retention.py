"""What of the past may go, decided without Dagster."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from mixpeek_orchestration.core.batch import Batch, BatchStatus
from mixpeek_orchestration.core.retention import (
    InUse,
    PastRun,
    RetentionRules,
    batches_to_forget,
    before,
    measured_before,
    measurements_to_forget,
    runs_to_forget,
)
from mixpeek_orchestration.core.spending.measurement import MOST_RUNS, Measurement
from mixpeek_orchestration.core.spending.prices import Amount

NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
RULES = RetentionRules(runs_days=30, batches_days=100, drafts_days=10)
OLD, NEW = "2026-01-01T00:00:00+00:00", "2026-05-30T00:00:00+00:00"
WORDS = frozenset({"words"})


def batch(name: str, status: BatchStatus, moment: str) -> Batch:
    ended = None if status in ("DRAFT", "PENDING", "IN_PROGRESS") else moment
    return Batch(name, "n", "b", 1, (), status=status, created_at=moment, completed_at=ended)


def gone(*batches: Batch, rules: RetentionRules = RULES, in_use: InUse | None = None) -> list[str]:
    return [one.batch_id for one in batches_to_forget(batches, rules, in_use or InUse(), now=NOW)]


def test_batches_go_by_when_they_ended_and_drafts_by_when_they_were_made() -> None:
    """What is on its way never goes, however old; 0 days keeps for ever."""
    batches = [
        batch("ended", "COMPLETED", OLD),
        batch("failed", "FAILED", OLD),
        batch("draft", "DRAFT", OLD),
        batch("pending", "PENDING", OLD),
        batch("going", "IN_PROGRESS", OLD),
        batch("young", "COMPLETED", NEW),
        batch("young draft", "DRAFT", NEW),
    ]
    assert gone(*batches) == ["ended", "failed", "draft"]
    assert gone(*batches, rules=replace(RULES, batches_days=0, drafts_days=0)) == []


def test_what_something_is_about_stays() -> None:
    """By name, or all of them when something does not say what it is about."""
    batches = [batch("a", "COMPLETED", OLD), batch("b", "COMPLETED", OLD)]
    assert gone(*batches, in_use=InUse(frozenset({"a"}))) == ["b"]
    assert gone(*batches, in_use=InUse(everything=True) | InUse()) == []


def test_the_newest_success_stays_with_its_batch() -> None:
    """Failures, jobs and superseded successes go by age; without its batch the newest success goes too."""
    month = 40 * 86_400
    runs = [
        PastRun("first", NOW - month - 9, True, WORDS, "b1"),
        PastRun("newest", NOW - month - 5, True, WORDS, "b1"),
        PastRun("failed", NOW - month, False, WORDS, "b1"),
        PastRun("orphan", NOW - month, True, WORDS, "b2"),
        PastRun("endpoint", NOW - month, True, frozenset({"endpoint"})),
        PastRun("upkeep", NOW - month, True),
        PastRun("young", NOW - 5, False, WORDS, "b1"),
    ]
    old = [run.run_id for run in runs_to_forget(runs, RULES, kept_batches={"b1"}, now=NOW)]
    assert old == ["first", "failed", "orphan", "upkeep"]
    assert runs_to_forget(runs, replace(RULES, runs_days=0), kept_batches=set(), now=NOW) == []


def test_a_limit_of_no_days_is_none() -> None:
    """Otherwise it is a moment in UTC that sorts like the catalog's."""
    assert before(0, now=NOW) is None
    assert before(1, now=NOW) == "2026-05-31T00:00:00+00:00"


def test_measurements_stay_as_long_as_their_runs_and_for_the_running_month() -> None:
    """Runs of two days: on the first of June the 30th of May is past; in the middle of a month nothing of it is."""
    middle = datetime(2026, 6, 20, tzinfo=UTC).timestamp()
    two_days = replace(RULES, runs_days=2)
    assert measured_before(two_days, now=NOW) == "2026-05-30T00:00:00+00:00"
    assert measured_before(two_days, now=middle) == "2026-06-01T00:00:00.000000+00:00"
    assert measured_before(replace(RULES, runs_days=0), now=NOW) is None


def test_the_newest_measurements_of_every_code_stay_for_estimates() -> None:
    """Eight of each code, collection and runner, whatever their age; a run that extracted nothing tells nothing."""
    run = Measurement("ns", "here", "words", "v1", "now", "ray", items=5, total=Amount(1.0))
    past = [run] * (MOST_RUNS + 2)
    past += [replace(run, code_fp="before"), replace(run, items=0), replace(run, collection_id="there")]
    past += [replace(run, runner="in_process"), run]
    numbered = dict(enumerate(past, start=10))
    assert measurements_to_forget(numbered) == [10, 11, 12, 10 + MOST_RUNS + 3]
    assert measurements_to_forget({}) == []
