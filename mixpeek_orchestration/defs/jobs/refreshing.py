"""A collection's own schedule: what is stale is processed again, as one batch."""

import dagster as dg

from mixpeek_orchestration.core.identity import resource_slug
from mixpeek_orchestration.core.schedule import cron_of
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.lineage import no_retry_in_vain
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection


class RefreshConfig(dg.Config):
    """Which collection to look at."""

    collection_id: str


@dg.op(
    name="submit_stale",
    description="Plans a collection and submits what is stale as one batch per bucket; the batch sensor does the rest.",
)
def submit_stale(context: dg.OpExecutionContext, config: RefreshConfig, warehouse: WarehouseResource) -> None:
    """What an open batch takes already is not submitted again."""
    with no_retry_in_vain():
        batches = warehouse.open().schedules.refresh(config.collection_id)
    for batch in batches:
        context.log.info(f"Submitted {batch.batch_id}: {batch.object_count} stale objects.")
    context.add_output_metadata(
        {"batches": len(batches), "objects": sum(batch.object_count for batch in batches)}
    )


@dg.job(name="refresh_collection", description="Submits what is stale in a collection.")
def refresh_collection() -> None:
    """One op, so that a run of it is one line in the UI."""
    submit_stale()


def collection_schedule(collection: SnapshotCollection) -> dg.ScheduleDefinition:
    """The schedule of a collection; raises `InvalidInput` when it says none that can be kept."""

    @dg.schedule(
        name=f"refresh_{resource_slug(collection.collection_id)}",
        cron_schedule=cron_of(collection.schedule or ""),
        job=refresh_collection,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Processes again what is stale in {collection.name} ({collection.schedule}, UTC).",
        tags=naming.tags(collection),
    )
    def refresh(
        context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource
    ) -> dg.RunRequest | dg.SkipReason:
        stale = warehouse.open().schedules.stale(collection.collection_id)
        if not stale:
            return dg.SkipReason(f"Nothing is stale in {collection.name}.")
        moment = context.scheduled_execution_time
        config = {"ops": {submit_stale.name: {"config": {"collection_id": collection.collection_id}}}}
        return dg.RunRequest(run_key=f"{collection.collection_id}:{moment.isoformat()}", run_config=config)

    return refresh
