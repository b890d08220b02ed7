"""What Dagster does for a submitted batch, done here: run its tiers, upstream first."""

from __future__ import annotations

from mixpeek_orchestration.warehouse.warehouse import Warehouse


def run_batch(warehouse: Warehouse, batch_id: str) -> str:
    """The status of the batch after one run through all its collections."""
    batch = warehouse.catalog.batches.start(batch_id, run_id=f"run-{batch_id}")
    for collection_id in batch.collection_ids:
        warehouse.materialize(collection_id, [batch_id], run_id=f"run-{batch_id}")
    return warehouse.catalog.batches.get(batch_id).status
