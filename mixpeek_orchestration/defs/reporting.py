"""A report as asset metadata: counts, ids and one line; never content, and no message that could quote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.core.document import BATCH
from mixpeek_orchestration.core.report import TierReport, total

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

_COUNTS: Final = (
    "fetched",
    "source_filtered",
    "missing_input",
    "unchanged",
    "submitted",
    "written",
    "empty",
    "failed",
    "not_run",
    "patched",
    "partial",
    "deleted",
    "rows_written",
    "rows_deleted",
)


def run_metadata(
    warehouse: Warehouse, collection_id: str, reports: Mapping[str, TierReport]
) -> dict[str, Any]:
    """What a run did to a collection, and how many documents there are now."""
    whole = total(list(reports.values()), collection_id=collection_id)
    collection = warehouse.collections.by_id(collection_id)
    generation = warehouse.collections.generation(collection)
    return {
        "summary": whole.line,
        "outcome": whole.outcome,
        "dagster/row_count": warehouse.documents.count(generation.table),
        "dagster/table_name": generation.table,
        **{name: getattr(whole, name) for name in _COUNTS},
        "reasons": dict(whole.reasons),
        "open_failures": warehouse.catalog.ledger.open_failure_count(collection_id),
        "code_fp": generation.code_fp or "none",
        "wall_seconds": round(whole.usage.wall_s, 3),
        "runner": ", ".join(sorted({r.usage.runner for r in reports.values() if r.usage.runner})) or "none",
    }


def batch_metadata(
    warehouse: Warehouse, collection_id: str, reports: Mapping[str, TierReport]
) -> dict[str, dict[str, Any]]:
    """By batch: its own line, and how many documents it was the last to write."""
    collection = warehouse.collections.by_id(collection_id)
    table = warehouse.collections.generation(collection).table
    return {
        batch_id: {
            "batch_summary": report.line,
            "batch_outcome": report.outcome,
            "dagster/partition_row_count": warehouse.documents.count(table, where=_written_by(batch_id)),
        }
        for batch_id, report in reports.items()
    }


def _written_by(batch_id: str) -> str:
    quoted = batch_id.replace("'", "''")
    return f"{BATCH} = '{quoted}'"
