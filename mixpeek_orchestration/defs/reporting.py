"""A report as asset metadata: counts, ids and links; never content, and no message that could quote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from mixpeek_orchestration.core.report import TierReport, total
from mixpeek_orchestration.core.spending.prices import Amount
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.columns import column_lineage, column_schema
from mixpeek_orchestration.warehouse.samples import rows_by_batch
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mixpeek_orchestration.core.collection import Generation
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

COUNTERS: Final[Mapping[str, str]] = {
    "fetched": "items that the source has",
    "source_filtered": "left out by the source's filter",
    "missing_input": "without the fields that the extractor reads",
    "unchanged": "up to date, nothing was extracted",
    "submitted": "given to the extractor, or known to fail",
    "written": "extracted, their documents replaced",
    "empty": "extracted, and there was nothing in them",
    "failed": "failed; they keep the documents they had",
    "not_run": "not reached before the run ended",
    "patched": "of the unchanged: only carried fields were rewritten",
    "partial": "of the failed: some rows were good and were written",
    "deleted": "gone from the source, their documents removed",
}
PLOTTED: Final = (
    "fetched",
    "unchanged",
    "submitted",
    "written",
    "empty",
    "failed",
    "not_run",
    "rows_written",
    "rows_deleted",
)
"""Always told, also when 0, so that the UI has a point per run to draw a line through."""


@dataclass(frozen=True)
class RunReporter:
    """What a run over some batches did to a collection, as metadata of its asset."""

    warehouse: Warehouse
    collection: SnapshotCollection
    addresses: Addresses
    sources: Sequence[dg.AssetKey]

    def of_run(self, reports: Mapping[str, TierReport]) -> dict[str, Any]:
        """What all batches together did, how many documents there are now, and where to look further."""
        whole = total(list(reports.values()), collection_id=self.collection.collection_id)
        known = self.warehouse.collections.by_id(self.collection.collection_id)
        generation = self.warehouse.collections.generation(known)
        failures = self.warehouse.catalog.ledger.open_failure_count(self.collection.collection_id)
        return {
            "summary": _line(whole),
            "samples": self.addresses.samples(self.collection),
            "failures": self.addresses.failures(self.collection),
            "lineage": self.addresses.lineage(self.collection),
            "endpoint": self.addresses.extractor(self.collection),
            **self._told(whole),
            "open_failures": failures,
            **self._table(generation),
            "code_fp": generation.code_fp or "none",
            "runner": ", ".join(sorted({r.usage.runner for r in reports.values() if r.usage.runner}))
            or "none",
        }

    def of_batches(self, reports: Mapping[str, TierReport]) -> dict[str, dict[str, Any]]:
        """By batch: what it did itself, and how many documents it was the last to write."""
        known = self.warehouse.collections.by_id(self.collection.collection_id)
        table = self.warehouse.collections.generation(known).table
        rows = rows_by_batch(self.warehouse.documents, table, list(reports))
        return {
            batch_id: {
                "summary": _line(report),
                **self._told(report),
                **self._written(batch_id, rows[batch_id]),
            }
            for batch_id, report in reports.items()
        }

    def _written(self, batch_id: str, rows: int) -> dict[str, Any]:
        """Samples are those of the batch, unless it found everything up to date and so wrote nothing."""
        of_batch = {"samples": self.addresses.samples(self.collection, batch_id)} if rows else {}
        return {**of_batch, "dagster/partition_row_count": rows}

    def _told(self, report: TierReport) -> dict[str, Any]:
        """A report as the account that balances, and as numbers that the UI draws over time."""
        usage = report.usage
        items = report.submitted - report.not_run
        amount = Amount(usage.wall_s, usage.cpu_s, usage.gpu_s, usage.api_usd)
        usd = self.warehouse.estimates.prices.usd(
            amount, extractor=self.collection.extractor_name, items=items
        )
        return {
            "account": account_table(report),
            **({"reasons": reasons_table(report.reasons)} if report.reasons else {}),
            "outcome": report.outcome,
            **{name: getattr(report, name) for name in PLOTTED},
            "wall_seconds": round(usage.wall_s, 3),
            "cpu_seconds": round(usage.cpu_s, 3),
            **({"gpu_seconds": round(usage.gpu_s, 3)} if usage.gpu_s else {}),
            "cost_usd": round(usd, 9),
        }

    def _table(self, generation: Generation) -> dict[str, Any]:
        """The table under the keys that Dagster reserves for tables."""
        types = self.warehouse.documents.columns(generation.table)
        choice = self.warehouse.collections.by_id(generation.collection_id).extractor
        uri = self.addresses.table(generation.table)
        return {
            "dagster/row_count": self.warehouse.documents.count(generation.table),
            "dagster/table_name": generation.table,
            "dagster/storage_kind": "lancedb",
            "dagster/column_schema": column_schema(types, generation.vectors),
            "dagster/column_lineage": column_lineage(types, choice, self.sources),
            **({"dagster/uri": uri} if uri else {}),
        }


def _line(report: TierReport) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"{report.line} · **{report.outcome}**")


def account_table(report: TierReport) -> dg.TableMetadataValue:
    """Every counter that is not 0: fetched = filtered + missing + unchanged + submitted, and so on."""
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({"counter": name, "items": getattr(report, name), "meaning": meaning})
            for name, meaning in COUNTERS.items()
            if getattr(report, name) or name == "fetched"
        ],
        schema=_schema(counter="string", items="int", meaning="string"),
    )


def reasons_table(reasons: Mapping[str, int]) -> dg.TableMetadataValue:
    """Why items were worked on, or left out."""
    return dg.MetadataValue.table(
        records=[dg.TableRecord({"reason": name, "items": count}) for name, count in sorted(reasons.items())],
        schema=_schema(reason="string", items="int"),
    )


def _schema(**types: str) -> dg.TableSchema:
    return dg.TableSchema(columns=[dg.TableColumn(name, type_) for name, type_ in types.items()])
