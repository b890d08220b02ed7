"""What of the past may go: runs with their events and measurements, batches with their partition keys, records of syncs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.spending.budget import start_of_month
from mixpeek_orchestration.core.spending.measurement import MOST_RUNS, Measurement


@dataclass(frozen=True)
class RetentionRules:
    """For how many days things are kept after they ended; 0 keeps them for ever."""

    runs_days: float = 30.0
    batches_days: float = 180.0
    drafts_days: float = 30.0
    sync_jobs_days: float = 30.0


@dataclass(frozen=True)
class PastRun:
    """A run that has ended. `makes` names what it materialized, empty for a job without assets; `partition` the batch."""

    run_id: str
    ended_at: float
    succeeded: bool
    makes: frozenset[str] = frozenset()
    partition: str = ""


@dataclass(frozen=True)
class InUse:
    """What may not go: `batch_ids` that a run or a backfill is about; `everything` when one does not say which."""

    batch_ids: frozenset[str] = frozenset()
    everything: bool = False

    def __or__(self, other: InUse) -> InUse:
        return InUse(self.batch_ids | other.batch_ids, self.everything or other.everything)

    def __contains__(self, batch_id: object) -> bool:
        return self.everything or batch_id in self.batch_ids


def batches_to_forget(
    batches: Iterable[Batch], rules: RetentionRules, in_use: InUse, *, now: float
) -> list[Batch]:
    """Batches that ended, or were never submitted, long enough ago, and that nothing is about any more."""
    return [
        batch
        for batch in batches
        if batch.batch_id not in in_use and _is_over(batch, rules, datetime.fromtimestamp(now, UTC))
    ]


def _is_over(batch: Batch, rules: RetentionRules, now: datetime) -> bool:
    if batch.status == "DRAFT":
        days, since = rules.drafts_days, batch.created_at
    elif batch.is_terminal:
        days, since = rules.batches_days, batch.completed_at or batch.submitted_at or batch.created_at
    else:
        return False
    return bool(days and since) and datetime.fromisoformat(since) < now - timedelta(days=days)


def runs_to_forget(
    runs: Iterable[PastRun], rules: RetentionRules, *, kept_batches: AnyOf[str], now: float
) -> list[PastRun]:
    """Runs that ended long enough ago, but for those whose events say what is materialized today.

    The newest success of the same assets and partition says so, as long as the batch behind the partition is kept.
    """
    if not rules.runs_days:
        return []
    every = list(runs)
    newest = _newest_successes(every)
    limit = now - rules.runs_days * 86_400
    return [
        run
        for run in every
        if run.ended_at < limit
        and not (
            newest.get(_subject(run)) == run.run_id and (not run.partition or run.partition in kept_batches)
        )
    ]


def _newest_successes(runs: Iterable[PastRun]) -> Mapping[tuple[frozenset[str], str], str]:
    by_age = sorted((run for run in runs if run.succeeded and run.makes), key=lambda run: run.ended_at)
    return {_subject(run): run.run_id for run in by_age}


def _subject(run: PastRun) -> tuple[frozenset[str], str]:
    return run.makes, run.partition


def before(days: float, *, now: float) -> str | None:
    """The moment before which things may go, ISO 8601 in UTC; `None` where they are kept for ever."""
    return datetime.fromtimestamp(now - days * 86_400, UTC).isoformat() if days else None


def measured_before(rules: RetentionRules, *, now: float) -> str | None:
    """The moment before which measurements may go: they are kept as long as their runs are, and those of the running
    month in any case, which its budget is held against. `None` where runs are kept for ever."""
    limit = before(rules.runs_days, now=now)
    return min(limit, start_of_month(datetime.fromtimestamp(now, UTC))) if limit else None


def measurements_to_forget(past: Mapping[int, Measurement]) -> list[int]:
    """The numbers of those among past measurements, oldest first, that no estimate needs.

    An estimate is made from the newest runs of a code on a collection by a runner; a code that was not run for long
    may come back.
    """
    kept: Counter[tuple[str, ...]] = Counter()
    gone = []
    for number, one in reversed(list(past.items())):
        nearest = (one.namespace_id, one.collection_id, one.extractor, one.code_fp, one.runner)
        if one.items and kept[nearest] < MOST_RUNS:
            kept[nearest] += 1
        else:
            gone.append(number)
    return gone[::-1]
