"""The sync sensor: asks for a run of every sync whose time has come and whose source holds something new."""

import time
from typing import TYPE_CHECKING, Final

import dagster as dg

from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.jobs.syncing import SYNC, follow_source, run_sync
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.asking import next_run_key

if TYPE_CHECKING:
    from mixpeek_orchestration.core.syncs.sync import Sync

_LOOK_BACK = 5
_LOOKING_S: Final = 10.0
"""After so long a tick begins no other look: what is left comes first in the next one."""


@dg.sensor(
    name="due_syncs",
    job=run_sync,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks at the source of every sync that is due, and asks for a run where something is new.",
)
def due_syncs(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """What is due, and what a look found, is in the catalog, so nothing is remembered here: a daemon that was killed
    goes on where it was."""
    syncs = warehouse.open().syncs
    due, deadline = syncs.due(), time.monotonic() + _LOOKING_S
    requests: list[dg.RunRequest] = []
    running = quiet = 0
    for sync in due:
        run_key = _run_key(context.instance, sync)
        if run_key is None or syncs.is_running(sync):
            running += 1
        elif time.monotonic() > deadline:
            break
        elif (reason := syncs.reason_to_run(sync)) is not None:
            context.log.info(f"{sync.sync_id}: {reason}")
            requests.append(_request(sync, run_key))
        else:
            quiet += 1
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SkipReason(_told(due, running=running, quiet=quiet))


def _run_key(instance: dg.DagsterInstance, sync: "Sync") -> str | None:
    runs = instance.get_runs(dg.RunsFilter(tags={SYNC: sync.sync_id}), limit=_LOOK_BACK)
    return next_run_key(sync.sync_id, [(run.run_id, run.status) for run in runs])


def _request(sync: "Sync", run_key: str) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=run_key,
        run_config={"ops": {follow_source.name: {"config": {"sync_id": sync.sync_id}}}},
        tags={SYNC: sync.sync_id, run_tags.NAMESPACE: sync.namespace_id},
    )


def _told(due: "list[Sync]", *, running: int, quiet: int) -> str:
    if not due:
        return "No sync is due."
    return f"{len(due)} syncs were due: {quiet} have nothing new, {running} run already."
