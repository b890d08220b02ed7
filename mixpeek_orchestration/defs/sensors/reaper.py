"""The reaper: ends runs whose host or process has died, so that Dagster retries them.

The default launcher notices a dead run worker only while the code server that started it lives.
"""

import json
import time
from typing import Final

import dagster as dg

from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.deaths import find_deaths
from mixpeek_orchestration.warehouse.runs.runs import PREFIX

IN_PROGRESS: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@dg.sensor(
    name="dead_runs",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process has died, so that they are retried.",
)
def dead_runs(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """Runs are read before leases: a run that ends in between has no lease, but only its second look counts."""
    runs = {run.run_id: run for run in context.instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS))}
    opened = warehouse.open()
    dead_leases = {lease.name.removeprefix(PREFIX): lease for lease in opened.runs.dead()}
    leased = {lease.name.removeprefix(PREFIX) for lease in opened.catalog.leases.held(prefix=PREFIX)}
    deaths = find_deaths(
        runs,
        leased=leased,
        dead_leases=dead_leases.keys(),
        missing_since=json.loads(context.cursor or "{}"),
        now=time.time(),
    )
    for run_id, cause in deaths.dead.items():
        context.instance.report_run_failed(runs[run_id], f"This run was ended by the reaper: {cause}.")
    for run_id, lease in dead_leases.items():
        if run_id not in runs or run_id in deaths.dead:
            opened.runs.bury(lease)
    cursor = json.dumps(deaths.missing_since, sort_keys=True)
    if not deaths.dead and cursor == (context.cursor or "{}"):
        return dg.SkipReason("Every run in progress is alive.")
    return dg.SensorResult(cursor=cursor, skip_reason=_told(deaths.dead))


def _told(dead: object) -> str:
    return f"Ended: {', '.join(sorted(dead))}." if isinstance(dead, dict) and dead else "Waiting for leases."
