"""Collection assets: the one body behind a click, a backfill, a schedule and the HTTP API."""

from collections.abc import Sequence

import dagster as dg

from mixpeek_orchestration.core.report import total
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.checks import report_checks_now
from mixpeek_orchestration.defs.lineage import lineage_asset, no_retry_in_vain
from mixpeek_orchestration.defs.reporting import batch_metadata, run_metadata
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.warehouse.snapshot import SnapshotCollection

FAILED_OUTCOMES = frozenset({"FAILED", "CANCELED"})


def collection_asset(
    collection: SnapshotCollection,
    *,
    upstream: Sequence[naming.Resource],
    partitions: dg.PartitionsDefinition[str],
    addresses: Addresses,
) -> dg.AssetsDefinition:
    """The asset of a collection: a row is a document, a partition the documents of one batch."""
    made_by = f"{collection.extractor_name} {collection.extractor_version}"

    @lineage_asset(
        collection,
        upstream=upstream,
        partitions=partitions,
        description=collection.description or f"The documents that {made_by} makes of its source.",
        kinds={"ray", "lancedb"},
        metadata={
            "collection_id": collection.collection_id,
            "extractor": made_by,
            "api": addresses.collection(collection.collection_id),
        },
        code_version=collection.definition_fp,
    )
    def documents(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        with no_retry_in_vain():
            opened = warehouse.open()
            reports = opened.materialize(
                collection.collection_id,
                list(context.partition_keys),
                run_id=context.run_id,
                progress=context.log.info,
            )
            metadata = run_metadata(opened, collection.collection_id, reports)
            for batch_id, of_batch in batch_metadata(opened, collection.collection_id, reports).items():
                context.add_asset_metadata(of_batch, partition_key=batch_id)
        whole = total(list(reports.values()), collection_id=collection.collection_id)
        if whole.outcome in FAILED_OUTCOMES:
            report_checks_now(context.instance, collection, opened)
            raise dg.Failure(f"{whole.outcome}: {whole.line}", metadata=metadata, allow_retries=False)
        return dg.MaterializeResult(metadata=metadata)

    return documents
