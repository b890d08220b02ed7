"""Migrations on the wire."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.comparison import Comparison
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.warehouse.migrations.blast_radius import Affected
from mixpeek_orchestration.warehouse.migrations.migrations import Standing, SwitchPlan


def migration_answer(migration: Migration, collection: Collection) -> dict[str, Any]:
    """A migration and its state."""
    return {
        "migration_id": migration.migration_id,
        "collection_id": migration.collection_id,
        "collection_name": collection.name,
        "state": migration.state(collection.active_generation),
        "from_generation": migration.from_generation,
        "to_generation": migration.to_generation,
        "from_extractor": migration.from_extractor,
        "to_extractor": migration.to_extractor,
        "sample": migration.sample,
        "batch_ids": list(migration.batch_ids),
        "error": migration.error,
        "created_at": migration.created_at or None,
        "updated_at": migration.updated_at or None,
        "switched_at": migration.switched_at,
    }


def standing_answer(standing: Standing, collection: Collection) -> dict[str, Any]:
    """A migration with how far it is."""
    told = {"state": standing.state, "remaining": asdict(standing.remaining), "endpoint": standing.obstacle}
    batches = [{"batch_id": one.batch_id, "status": one.status} for one in standing.batches]
    return {**migration_answer(standing.migration, collection), **told, "batches": batches}


def switch_plan_answer(plan: SwitchPlan, collection: Collection) -> dict[str, Any]:
    """What a switch would change."""
    return {
        "migration": standing_answer(plan.standing, collection),
        "to_generation": plan.to.generation_id,
        "retrievers": list(plan.retrievers),
        "affected": [_affected(one) for one in plan.affected],
    }


def comparison_answer(found: Comparison) -> dict[str, Any]:
    """Two generations side by side."""
    return asdict(found)


def _affected(one: Affected) -> dict[str, Any]:
    told = asdict(one)
    told["root_object_count"] = len(told.pop("roots"))
    return told | {"cost": one.cost.as_dict() if one.cost else None}
