"""Every sensor of the location."""

from pathlib import Path

import dagster as dg

from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.jobs.erasing import unfinished_erasures
from mixpeek_orchestration.defs.sensors.batches import batch_sensor
from mixpeek_orchestration.defs.sensors.called_off import canceled_batches
from mixpeek_orchestration.defs.sensors.drift import drift_sensor
from mixpeek_orchestration.defs.sensors.endpoints import endpoint_sensor
from mixpeek_orchestration.defs.sensors.reaper import dead_runs
from mixpeek_orchestration.defs.sensors.settling import ended_runs
from mixpeek_orchestration.defs.sensors.syncs import due_syncs
from mixpeek_orchestration.defs.sensors.unwanted import unwanted_endpoints
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot


def build_sensors(
    snapshot: Snapshot, *, defined: frozenset[str], snapshots: Path
) -> list[dg.SensorDefinition]:
    """Upkeep always; what asks for runs only where there is something defined to run."""
    sources = [r for r in (*snapshot.buckets, *snapshot.collections) if naming.identifier(r) in defined]
    endpoints = [e for e in snapshot.endpoints if naming.identifier(e) in defined]
    sensors = [ended_runs, canceled_batches, dead_runs, unwanted_endpoints, due_syncs, unfinished_erasures]
    if sources:
        keys = {naming.identifier(resource): naming.asset_key(resource) for resource in sources}
        sensors.append(batch_sensor(snapshot, keys, snapshots))
    collections = [c for c in snapshot.collections if c.collection_id in defined]
    if collections:
        sensors.append(drift_sensor(collections, heals=Settings().heal_drift))
    if endpoints:
        sensors.append(endpoint_sensor(endpoints))
    return sensors
