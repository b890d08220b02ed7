"""The sensor that asks for a run of the job that ends endpoints which nobody needs any more."""

import json
import time
from dataclasses import asdict

import dagster as dg

from mixpeek_orchestration.core.identity import joined
from mixpeek_orchestration.defs.jobs.retiring import retire_endpoints
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.attempts import Attempts, attempts_for
from mixpeek_orchestration.defs.sensors.endpoints import GOING_ON


@dg.sensor(
    name="unwanted_endpoints",
    job=retire_endpoints,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run that ends endpoints which no collection needs and which are not deployed.",
)
def unwanted_endpoints(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """Asked again with growing pauses as long as the same ones are left over."""
    left = [one.endpoint_id for one in warehouse.open().endpoints.unwanted()]
    if not left:
        return dg.SkipReason("Every endpoint that is deployed is needed.")
    seen = Attempts(**json.loads(context.cursor)) if context.cursor else None
    attempt, now = attempts_for(seen, joined(left)), time.time()
    going_on = dg.RunsFilter(job_name=retire_endpoints.name, statuses=GOING_ON)
    if not attempt.may_ask(now) or context.instance.get_runs(filters=going_on, limit=1):
        return dg.SkipReason(f"{len(left)} endpoints are not needed any more; waiting to ask again.")
    request = dg.RunRequest(run_key=f"retire:{attempt.wanted_fp}:{attempt.count}:{now:.0f}")
    return dg.SensorResult(run_requests=[request], cursor=json.dumps(asdict(attempt.asked(now))))
