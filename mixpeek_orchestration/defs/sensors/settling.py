"""Settles batches whose last run has ended without them, and has none to follow.

It compares states and does not listen to failure events: an event that was missed, or came before Dagster had
decided on a retry, would leave a batch in progress for ever.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import dagster as dg

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.ended import LastRun, settled

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.batches import BatchCatalog

OPEN_LIMIT: Final = 1_000
ENDED: Final = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
REASON_LENGTH: Final = 500


@dg.sensor(
    name="ended_runs",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Fails or cancels batches whose run has ended without finishing them.",
)
def ended_runs(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.SkipReason:
    """The catalog decides last: a batch that has ended meanwhile stays as it is."""
    batches = warehouse.open().catalog.batches
    told = []
    for batch, run in _with_runs(context.instance, batches):
        verdict = settled(last_run(context.instance, run))
        if verdict is None:
            continue
        action, reason = verdict
        if action == "cancel":
            batches.cancel(batch.batch_id, reason=reason)
        else:
            batches.fail(batch.batch_id, error=reason, submission=batch.submission)
        told.append(f"{batch.batch_id}: {reason}")
    return dg.SkipReason("; ".join(told)[:1000] or "Every batch that is open has a run that goes on.")


def _with_runs(
    instance: dg.DagsterInstance, batches: "BatchCatalog"
) -> Iterator[tuple[Batch, dg.DagsterRun]]:
    """The open batches with a run of their submission that may have ended; those that Dagster knows no run of are
    someone else's, such as the command line's."""
    for batch in batches.recent(statuses={"IN_PROGRESS"}, limit=OPEN_LIMIT):
        run = instance.get_run_by_id(batch.run_id) if batch.run_id else None
        if run is not None:
            yield batch, run
    pending = {batch.run_key: batch for batch in batches.recent(statuses={"PENDING"}, limit=OPEN_LIMIT)}
    if pending:
        ended = dg.RunsFilter(tags={run_tags.RUN_KEY: list(pending)}, statuses=ENDED)
        for run in instance.get_runs(ended):
            yield pending[run.tags[run_tags.RUN_KEY]], run


def last_run(instance: dg.DagsterInstance, known: dg.DagsterRun) -> LastRun:
    """How the newest run of a run's group stands, retries included."""
    group = instance.get_run_group(known.run_id)
    run = _newest(instance, group[1]) if group else known
    if not run.is_finished:
        return LastRun("going")
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return LastRun("succeeded")
    if run.status is dg.DagsterRunStatus.CANCELED:
        return LastRun("canceled")
    return LastRun("failed", _will_retry(instance, run), _reason(instance, run))


def _newest(instance: dg.DagsterInstance, runs: Iterable[dg.DagsterRun]) -> dg.DagsterRun:
    records = instance.get_run_records(filters=dg.RunsFilter(run_ids=[run.run_id for run in runs]))
    return max(records, key=lambda record: record.storage_id).dagster_run


def _will_retry(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool | None:
    if not instance.run_retries_enabled:
        return False
    decided = run.tags.get(run_tags.WILL_RETRY)
    return None if decided is None else decided == "true"


def _reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """What the failed steps said, or else what ended the run; without tracebacks."""
    failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    said = [_said(entry.dagster_event) for entry in failures if entry.dagster_event]
    if not said:
        ends = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        said = [entry.dagster_event.message or "" for entry in ends if entry.dagster_event]
    return "; ".join(said)[:REASON_LENGTH] or f"The run {run.run_id} ended without saying why."


def _said(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return data.error.message.strip().splitlines()[0] if data.error else "A step failed."
