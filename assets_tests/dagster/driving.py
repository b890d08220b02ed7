"""What the daemon does with definitions, in this process: ticks, partitions, runs."""

from __future__ import annotations

from typing import Any

import dagster as dg

RUN_KEY = "dagster/run_key"


def tick(defs: dg.Definitions, instance: dg.DagsterInstance, name: str, *, cursor: str | None = None) -> Any:
    """The answer of one evaluation of a sensor, with its partition keys added as the daemon would."""
    with dg.SensorEvaluationContext(
        instance_ref=instance.get_ref(),
        instance=instance,
        last_tick_completion_time=None,
        last_run_key=None,
        cursor=cursor,
        repository_name=None,
        definitions=defs,
        resources=dict(defs.resources or {}),
        sensor_name=name,
    ) as context:
        answer = defs.resolve_sensor_def(name).evaluate_tick(context)
    for request in answer.dynamic_partitions_requests or ():
        instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
    return answer


def run(
    defs: dg.Definitions, instance: dg.DagsterInstance, request: dg.RunRequest
) -> dg.ExecuteInProcessResult:
    """The run that a request asks for, executed to its end."""
    tags = {**request.tags, **({RUN_KEY: request.run_key} if request.run_key else {})}
    return defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        tags=tags,
        partition_key=request.partition_key,
        asset_selection=request.asset_selection,
        raise_on_error=False,
    )


def materialize(
    defs: dg.Definitions, instance: dg.DagsterInstance, *keys: dg.AssetKey, partition: str | None = None
) -> dg.ExecuteInProcessResult:
    """A click on Materialize."""
    return run(
        defs, instance, dg.RunRequest(run_key=None, partition_key=partition, asset_selection=list(keys))
    )


def metadata_of(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, Any]:
    """The metadata of the newest materialization, as plain values."""
    event = instance.get_latest_materialization_event(key)
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def check_of(instance: dg.DagsterInstance, key: dg.AssetKey, fact: str) -> dg.AssetCheckEvaluation:
    """The newest evaluation of an asset check."""
    check_key = dg.AssetCheckKey(key, fact)
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key([check_key])[check_key]
    assert latest.event is not None
    assert latest.event.dagster_event is not None
    return latest.event.dagster_event.asset_check_evaluation_data
