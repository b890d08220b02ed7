"""Every sensor of the location."""

from __future__ import annotations

import dagster as dg

from mixpeek_orchestration.warehouse.snapshot import Snapshot


def build_sensors(snapshot: Snapshot, *, defined: frozenset[str]) -> list[dg.SensorDefinition]:
    return []
