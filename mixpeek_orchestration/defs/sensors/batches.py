"""The batch sensor: one run per submission of a batch, through its bucket and all its tiers."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dagster as dg

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.identity import joined
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.submissions import (
    Decision,
    changed_components,
    decide,
    missing_partitions,
)
from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.catalog import Catalog

PENDING_LIMIT: Final = 1_000
PARTITIONS_LIMIT: Final = 25_000


def batch_sensor(snapshot: Snapshot, keys: dict[str, dg.AssetKey], snapshots: Path) -> dg.SensorDefinition:
    """`keys` are the asset keys of all buckets and collections that are defined, by id.

    Exactly once: the daemon never makes a second run with a run key, and keeps the run ids of a tick before it
    submits them, so that a killed daemon goes on where it stopped.
    """
    component_of = {b: c.name for c in snapshot.components for b in c.bucket_ids}

    @dg.sensor(
        name="submitted_batches",
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        asset_selection=dg.AssetSelection.assets(*keys.values()),
        description="Asks for one run per submitted batch.",
    )
    def submitted_batches(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource
    ) -> dg.SensorResult | dg.SkipReason:
        catalog = warehouse.open().catalog
        is_newest = _is_newest(snapshot, catalog, snapshots)
        decisions = [
            decide(batch, defined=keys, is_newest=is_newest)
            for batch in _without_runs(context.instance, _pending(catalog))
        ]
        for decision in decisions:
            if decision.action == "refuse":
                catalog.batches.fail(
                    decision.batch.batch_id, error=decision.reason, submission=decision.batch.submission
                )
        return _result(context, snapshot, catalog, decisions, keys, component_of)

    return submitted_batches


def _is_newest(snapshot: Snapshot, catalog: "Catalog", snapshots: Path) -> bool:
    """Whether these definitions are those of the catalog's newest revision, so that waiting for others is in vain."""
    current = read_snapshot(snapshots)
    return current.content_hash == snapshot.content_hash and catalog.resources.revision() <= current.revision


def _pending(catalog: "Catalog") -> list[Batch]:
    """Oldest first, which is the order in which they are queued."""
    return list(reversed(catalog.batches.recent(statuses={"PENDING"}, limit=PENDING_LIMIT)))


def _without_runs(instance: dg.DagsterInstance, batches: Sequence[Batch]) -> list[Batch]:
    """Leave out what was asked for already: the daemon would look each one up again at every tick.

    A run that was never started stays in: asking again is how the daemon launches it after it was killed.
    """
    if not batches:
        return []
    asked = dg.RunsFilter(tags={run_tags.RUN_KEY: [batch.run_key for batch in batches]})
    started = {
        run.tags[run_tags.RUN_KEY]
        for run in instance.get_runs(filters=asked)
        if run.status is not dg.DagsterRunStatus.NOT_STARTED
    }
    return [batch for batch in batches if batch.run_key not in started]


def _result(
    context: dg.SensorEvaluationContext,
    snapshot: Snapshot,
    catalog: "Catalog",
    decisions: Sequence[Decision],
    keys: dict[str, dg.AssetKey],
    component_of: dict[str, str],
) -> dg.SensorResult | dg.SkipReason:
    to_run = [decision for decision in decisions if decision.action == "run"]
    additions = _additions(context, snapshot, catalog, to_run, component_of)
    cursor = json.dumps(_bucket_sets(snapshot), sort_keys=True)
    told = "; ".join(decision.reason for decision in decisions if decision.action != "run")
    if not to_run and not additions and cursor == context.cursor:
        return dg.SkipReason(told[:1000] or "No batch was submitted.")
    return dg.SensorResult(
        run_requests=[_request(decision, keys) for decision in to_run],
        dynamic_partitions_requests=additions,
        cursor=cursor,
    )


def _request(decision: Decision, keys: dict[str, dg.AssetKey]) -> dg.RunRequest:
    batch = decision.batch
    return dg.RunRequest(
        run_key=batch.run_key,
        partition_key=batch.batch_id,
        asset_selection=[keys[resource_id] for resource_id in decision.resource_ids],
        tags=run_tags.of_batch(batch, {c: keys[c].path[-1] for c in batch.collection_ids}),
    )


def _additions(
    context: dg.SensorEvaluationContext,
    snapshot: Snapshot,
    catalog: "Catalog",
    to_run: Sequence[Decision],
    component_of: dict[str, str],
) -> list[dg.AddDynamicPartitionsRequest]:
    """The partition keys that are missing: of what runs now, and of components whose buckets have changed."""
    wanted: dict[str, list[str]] = {}
    for decision in to_run:
        wanted.setdefault(component_of[decision.batch.bucket_id], []).append(decision.batch.batch_id)
    buckets_of = {component.name: component.bucket_ids for component in snapshot.components}
    for name in changed_components(_bucket_sets(snapshot), json.loads(context.cursor or "{}")):
        wanted.setdefault(name, []).extend(_submitted(catalog, buckets_of[name]))
    requests = []
    for name, batch_ids in wanted.items():
        missing = missing_partitions(dict.fromkeys(batch_ids), context.instance.get_dynamic_partitions(name))
        if missing:
            requests.append(dg.DynamicPartitionsDefinition(name=name).build_add_request(missing))
    return requests


def _submitted(catalog: "Catalog", bucket_ids: Iterable[str]) -> list[str]:
    """Every batch of these buckets that was ever submitted, oldest first."""
    found = [b for i in bucket_ids for b in catalog.batches.recent(bucket_id=i, limit=PARTITIONS_LIMIT)]
    return [b.batch_id for b in sorted(found, key=lambda b: b.submitted_at or "") if b.submission]


def _bucket_sets(snapshot: Snapshot) -> dict[str, str]:
    return {component.name: joined(component.bucket_ids)[:12] for component in snapshot.components}
