"""The drift sensor: shows tables that somebody else changed as failed checks, and asks for a run that heals them."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import dagster as dg

from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.jobs.healing import HEALED, heal_drift, heal_tables
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.sensors.asking import next_run_key
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.upkeep.verdicts import Verdict
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

CHECK: Final = "nothing_drifted"
INTERVAL_S: Final = 300
_LOOK_BACK: Final = 5


def drift_sensor(collections: Sequence[SnapshotCollection], *, heals: bool) -> dg.SensorDefinition:
    """Looks at versions and files, never at rows. The cursor holds what was shown, so that each state shows once."""

    @dg.sensor(
        name="drifted_tables",
        job=heal_drift,
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Finds tables that somebody else changed, shows them, and asks for a run that heals them.",
    )
    def drifted_tables(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource
    ) -> dg.SensorResult | dg.SkipReason:
        shown = json.loads(context.cursor or "{}")
        found = {c: verdict for c in collections if (verdict := _verdict(warehouse.open(), c)) is not None}
        now = {c.collection_id: _mark(verdict) for c, verdict in found.items()}
        news = {c: verdict for c, verdict in found.items() if is_news(shown, c.collection_id, now)}
        requests = [
            r for c, verdict in found.items() if heals and (r := _request(context.instance, c, verdict))
        ]
        if not news and not requests:
            different = sum(not verdict.holds for verdict in found.values())
            return dg.SkipReason(
                f"{len(found) - different} of {len(collections)} tables are as we left them."
            )
        return dg.SensorResult(
            run_requests=requests,
            asset_events=[_evaluation(c, verdict) for c, verdict in news.items()],
            cursor=json.dumps({i: mark for i, mark in now.items() if mark}, sort_keys=True),
        )

    return drifted_tables


def is_news(shown: Mapping[str, str], collection_id: str, now: Mapping[str, str]) -> bool:
    """Whether a collection's state is another one than was shown; that all is well is news only after it was not."""
    return now[collection_id] != shown.get(collection_id, "")


def _verdict(warehouse: "Warehouse", collection: SnapshotCollection) -> "Verdict | None":
    """What the check says; `None` for a collection that was deleted since."""
    from mixpeek_orchestration.core.errors import NotFound
    from mixpeek_orchestration.warehouse.upkeep.verdicts import nothing_drifted

    try:
        known = warehouse.collections.by_id(collection.collection_id)
    except NotFound:
        return None
    return nothing_drifted(known, warehouse.drift.check(known))


def _mark(verdict: "Verdict") -> str:
    return "" if verdict.holds else digest(verdict.said, json.dumps(verdict.numbers, default=str))[:12]


def _request(
    instance: dg.DagsterInstance, collection: SnapshotCollection, verdict: "Verdict"
) -> dg.RunRequest | None:
    """Indexes that differ are the steward's business."""
    if verdict.holds or verdict.severity != "ERROR":
        return None
    runs = instance.get_runs(dg.RunsFilter(tags={HEALED: collection.collection_id}), limit=_LOOK_BACK)
    run_key = next_run_key(f"heal:{collection.collection_id}", [(run.run_id, run.status) for run in runs])
    if run_key is None:
        return None
    return dg.RunRequest(
        run_key=run_key,
        run_config={"ops": {heal_tables.name: {"config": {"collection_id": collection.collection_id}}}},
        tags={HEALED: collection.collection_id, **naming.run_tags_of(collection)},
    )


def _evaluation(collection: SnapshotCollection, verdict: "Verdict") -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=naming.asset_key(collection),
        check_name=CHECK,
        passed=verdict.holds,
        severity=dg.AssetCheckSeverity(verdict.severity),
        description=verdict.said,
        metadata=dict(verdict.numbers),
    )
