"""The job that performs an erasure, and the sensor that asks for it as long as it is not completed."""

import dagster as dg

from mixpeek_orchestration.core.errors import LeaseHeld
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.lineage import no_retry_in_vain
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.asking import next_run_key

ERASURE = "mixpeek/erasure"
"""The tag by which the runs of an erasure are found."""
_LOOK_BACK = 5


class ErasureConfig(dg.Config):
    """Which erasure to perform."""

    erasure_id: str


@dg.op(
    name="erase_object",
    description="Removes an object from every store and old version, and proves it by decoding the files that are left.",
)
def erase_object(context: dg.OpExecutionContext, config: ErasureConfig, warehouse: WarehouseResource) -> None:
    """An erasure that another process performs already is left to it."""
    with no_retry_in_vain():
        try:
            erasure = warehouse.open().erasures.perform(config.erasure_id, progress=context.log.info)
        except LeaseHeld as error:
            context.log.info(f"Not now: {error}")
            return
    context.add_output_metadata(
        {
            "status": erasure.status,
            "stores": len(erasure.stores),
            "tables": len(erasure.tables),
            "rows_found_before": sum(proof.found_before for proof in erasure.tables),
            "rows_found_now": sum(proof.found for proof in erasure.tables),
            "files_removed": sum(len(proof.removed_files) for proof in erasure.tables),
        }
    )


# A run that ended without completing the erasure is asked for again by the sensor, not by the instance as well.
@dg.job(
    name="erase", description="Performs one erasure and keeps its proof.", tags={"dagster/max_retries": "0"}
)
def erase() -> None:
    """One op, so that a run of it is one line in the UI."""
    erase_object()


@dg.sensor(
    name="unfinished_erasures",
    job=erase,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run of every erasure that is not completed.",
)
def unfinished_erasures(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """What is unfinished is in the catalog, so nothing is remembered here."""
    requests = []
    for erasure in warehouse.open().erasures.unfinished():
        runs = context.instance.get_runs(dg.RunsFilter(tags={ERASURE: erasure.erasure_id}), limit=_LOOK_BACK)
        run_key = next_run_key(erasure.erasure_id, [(run.run_id, run.status) for run in runs])
        if run_key is not None:
            requests.append(
                dg.RunRequest(
                    run_key=run_key,
                    run_config={"ops": {erase_object.name: {"config": {"erasure_id": erasure.erasure_id}}}},
                    tags={ERASURE: erasure.erasure_id, run_tags.NAMESPACE: erasure.namespace_id},
                )
            )
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SkipReason("No erasure waits to be performed.")
