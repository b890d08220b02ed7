"""The sync sensor: asks for a run of every sync whose time has come."""

from typing import TYPE_CHECKING

import dagster as dg

from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.asking import next_run_key
from mixpeek_orchestration.defs.syncing import SYNC, follow_source, run_sync

if TYPE_CHECKING:
    from mixpeek_orchestration.core.sync import Sync

_LOOK_BACK = 5


@dg.sensor(
    name="due_syncs",
    job=run_sync,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run of every sync that is due.",
)
def due_syncs(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """What is due is in the catalog, so nothing is remembered here: a daemon that was killed goes on where it was."""
    due = warehouse.open().syncs.due()
    requests = [request for sync in due if (request := _request(context.instance, sync)) is not None]
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SkipReason(f"{len(due)} syncs are due and run already." if due else "No sync is due.")


def _request(instance: dg.DagsterInstance, sync: "Sync") -> dg.RunRequest | None:
    runs = instance.get_runs(dg.RunsFilter(tags={SYNC: sync.sync_id}), limit=_LOOK_BACK)
    run_key = next_run_key(sync.sync_id, [(run.run_id, run.status) for run in runs])
    if run_key is None:
        return None
    return dg.RunRequest(
        run_key=run_key,
        run_config={"ops": {follow_source.name: {"config": {"sync_id": sync.sync_id}}}},
        tags={SYNC: sync.sync_id, run_tags.NAMESPACE: sync.namespace_id},
    )
