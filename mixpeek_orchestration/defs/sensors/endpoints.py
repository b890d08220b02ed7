"""The endpoint sensor: asks for a run of what should answer queries and does not, or runs other code."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import dagster as dg

from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.defs import naming, run_tags
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.attempts import Attempts, attempts_for
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotEndpoint

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.endpoints import WantedEndpoint

GOING_ON = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def endpoint_sensor(endpoints: Sequence[SnapshotEndpoint]) -> dg.SensorDefinition:
    """One endpoint serves all namespaces that use it: its run materializes the asset in each of them."""
    keys: dict[tuple[str, str, str], list[dg.AssetKey]] = {}
    for endpoint in endpoints:
        served = _served(endpoint.extractor_name, endpoint.extractor_version, endpoint.owner)
        keys.setdefault(served, []).append(naming.asset_key(endpoint))

    @dg.sensor(
        name="stale_endpoints",
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        asset_selection=dg.AssetSelection.assets(*(naming.asset_key(e) for e in endpoints)),
        description="Asks for a run of each endpoint that is not what its collections need.",
    )
    def stale_endpoints(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource
    ) -> dg.SensorResult | dg.SkipReason:
        seen = {name: Attempts(**told) for name, told in json.loads(context.cursor or "{}").items()}
        now = time.time()
        requests: list[dg.RunRequest] = []
        attempts: dict[str, Attempts] = {}
        for wanted in warehouse.open().endpoints.stale():
            attempt = attempts_for(seen.get(wanted.endpoint_id), wanted.wanted_fp)
            selection = keys.get(_served(wanted.name, wanted.version, wanted.owner))
            if selection and attempt.may_ask(now) and not _is_going_on(context.instance, wanted):
                requests.append(_request(wanted, attempt, selection, now))
                attempt = attempt.asked(now)
            attempts[wanted.endpoint_id] = attempt
        cursor = json.dumps({name: asdict(a) for name, a in attempts.items()}, sort_keys=True)
        if requests or cursor != (context.cursor or "{}"):
            return dg.SensorResult(run_requests=requests, cursor=cursor)
        return dg.SkipReason(_told(attempts))

    return stale_endpoints


def _served(name: str, version: str, owner: str) -> tuple[str, str, str]:
    return name, canonical_version(version), owner


def _is_going_on(instance: dg.DagsterInstance, wanted: "WantedEndpoint") -> bool:
    same = dg.RunsFilter(tags={run_tags.ENDPOINT: wanted.endpoint_id}, statuses=GOING_ON)
    return bool(instance.get_runs(filters=same, limit=1))


def _request(
    wanted: "WantedEndpoint", attempt: Attempts, selection: Sequence[dg.AssetKey], now: float
) -> dg.RunRequest:
    """The time is part of the key: an endpoint that ran and was lost again is asked for again."""
    return dg.RunRequest(
        run_key=f"{wanted.endpoint_id}:{wanted.wanted_fp}:{attempt.count}:{now:.0f}",
        asset_selection=list(selection),
        tags={run_tags.ENDPOINT: wanted.endpoint_id},
    )


def _told(attempts: Mapping[str, Attempts]) -> str:
    given_up = sorted(name for name, attempt in attempts.items() if attempt.is_given_up)
    if given_up:
        return f"Given up after repeated failures, materialize by hand: {', '.join(given_up)}."
    return "Waiting to ask again." if attempts else "Every endpoint runs what it should."
