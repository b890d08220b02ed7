"""Ends runs whose batch was canceled: those that wait, and those that do not notice it themselves between two commits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

import dagster as dg

from mixpeek_orchestration.core.batch import is_called_off
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.resources import WarehouseResource

if TYPE_CHECKING:
    from mixpeek_orchestration.core.batch import Batch
    from mixpeek_orchestration.core.ports.batches import BatchCatalog

PATIENCE_S: Final = 5.0
"""A run looks every second, between two chunks; one that has not ended by then is in a long one."""
GOING: Final = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@dg.sensor(
    name="canceled_batches",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends the runs of batches that were canceled.",
)
def canceled_batches(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.SkipReason:
    """Compares states, as `ended_runs` does: nothing is lost when a daemon misses the moment of the cancel."""
    told = []
    for run, batch in _called_off(context.instance, warehouse.open().catalog.batches):
        if is_due(run.status, batch, now=time.time()):
            context.instance.run_coordinator.cancel_run(run.run_id)
            told.append(f"{run.run_id}: its batch {run.tags[run_tags.BATCH]} was canceled")
    return dg.SkipReason("; ".join(told)[:1000] or "Every run that goes on is wanted.")


def is_due(status: dg.DagsterRunStatus, batch: Batch, *, now: float) -> bool:
    """Whether the run of a batch that is called off is to be ended from outside: at once while it waits, and where it
    works after it had the time to end in order."""
    if status is dg.DagsterRunStatus.QUEUED:
        return True
    since = batch.completed_at or batch.submitted_at
    return since is None or now - datetime.fromisoformat(since).timestamp() >= PATIENCE_S


def _called_off(instance: dg.DagsterInstance, batches: BatchCatalog) -> Iterator[tuple[dg.DagsterRun, Batch]]:
    """The runs of one submission of a batch that are not over, although the submission is. A batch that is not in this
    catalog is in that of another home, which uses the same Dagster."""
    runs = [
        run
        for run in instance.get_runs(dg.RunsFilter(statuses=GOING))
        if run_tags.BATCH in run.tags and run.tags.get(run_tags.SUBMISSION, "").isdigit()
    ]
    found = batches.get_many([run.tags[run_tags.BATCH] for run in runs])
    for run in runs:
        batch = found.get(run.tags[run_tags.BATCH])
        if batch is not None and is_called_off(batch, int(run.tags[run_tags.SUBMISSION])):
            yield run, batch
