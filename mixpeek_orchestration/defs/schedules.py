"""Every schedule and job of the location: upkeep, and the collections' own."""

from typing import Final

import dagster as dg

from mixpeek_orchestration.defs.broken import Broken
from mixpeek_orchestration.defs.jobs.erasing import erase
from mixpeek_orchestration.defs.jobs.healing import heal_drift
from mixpeek_orchestration.defs.jobs.refreshing import collection_schedule, refresh_collection
from mixpeek_orchestration.defs.jobs.retaining import retention
from mixpeek_orchestration.defs.jobs.retiring import retire_endpoints
from mixpeek_orchestration.defs.jobs.syncing import run_sync
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot

JOBS: Final = [retire_endpoints, run_sync, refresh_collection, retention, erase, heal_drift]
UPKEEP: Final = [
    dg.ScheduleDefinition(
        name="nightly_retention",
        job=retention,
        cron_schedule="10 3 * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Forgets what is past its time, every night (UTC).",
    ),
]


def build_schedules(
    snapshot: Snapshot, *, defined: frozenset[str], broken: list[Broken]
) -> list[dg.ScheduleDefinition]:
    """Upkeep always, and a schedule per collection that has one; one that cannot be kept costs only itself."""
    schedules = list(UPKEEP)
    for collection in snapshot.collections:
        if collection.schedule and collection.collection_id in defined:
            try:
                schedules.append(collection_schedule(collection))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one schedule is recorded with it
                broken.append(
                    Broken("schedules", collection.collection_id, collection.name, str(error)[:500])
                )
    return schedules
