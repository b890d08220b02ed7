"""The job that runs one sync."""

from typing import Final

import dagster as dg

from mixpeek_orchestration.core.errors import LeaseHeld
from mixpeek_orchestration.defs.lineage import no_retry_in_vain
from mixpeek_orchestration.defs.resources import WarehouseResource

SYNC: Final = "mixpeek/sync"
"""The tag by which the runs of a sync are found, and of which few run at once."""


POOL: Final = "mixpeek_sync"
"""Syncs run one at a time unless this pool is given more places: batches need the rest of the machine."""


class SyncConfig(dg.Config):
    """Which sync to run."""

    sync_id: str


@dg.op(
    name="follow_source",
    pool=POOL,
    description="Lists the source of a sync, stores what is new or changed, removes what is gone, submits the batch.",
)
def follow_source(context: dg.OpExecutionContext, config: SyncConfig, warehouse: WarehouseResource) -> None:
    """A sync that another run is at already is left to it."""
    with no_retry_in_vain():
        try:
            job = warehouse.open().syncs.run(config.sync_id, run_id=context.run_id, progress=context.log.info)
        except LeaseHeld as error:
            context.log.info(f"Another run is at it: {error}")
            return
    context.add_output_metadata(
        {
            "status": job.status,
            "files": job.discovered,
            "synced": job.synced,
            "unchanged": job.verified,
            "removed": job.removed,
            "skipped": job.skipped,
            "failed": job.failed,
            "batches": ", ".join(job.batch_ids) or "none",
        }
    )


# A run whose process died is asked for again by the sensor, with what has changed since; not by the instance as well.
@dg.job(name="run_sync", description="One run of a bucket's sync.", tags={"dagster/max_retries": "0"})
def run_sync() -> None:
    """One op, so that a run of it is one line in the UI."""
    follow_source()
