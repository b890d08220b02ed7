"""Collection assets: the one body behind a click, a backfill, a schedule and the HTTP API."""

from collections.abc import Sequence

import dagster as dg

from mixpeek_orchestration.core.report import total
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.checks import report_checks_now
from mixpeek_orchestration.defs.descriptions import collection_description
from mixpeek_orchestration.defs.lineage import lineage_asset, no_retry_in_vain, tag_run
from mixpeek_orchestration.defs.progress import Progress
from mixpeek_orchestration.defs.reporting import RunReporter
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.stopping import canceled_batches, ended_early, stoppable
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection

FAILED_OUTCOMES = frozenset({"FAILED", "CANCELED"})


def collection_asset(
    collection: SnapshotCollection,
    *,
    upstream: Sequence[naming.Resource],
    partitions: dg.PartitionsDefinition[str],
    addresses: Addresses,
) -> dg.AssetsDefinition:
    """The asset of a collection: a row is a document, a partition the documents of one batch."""
    sources = [naming.asset_key(source) for source in upstream]

    @lineage_asset(
        collection,
        upstream=upstream,
        partitions=partitions,
        description=collection_description(collection, upstream),
        kinds={"ray", "lancedb"},
        metadata={
            "collection_id": collection.collection_id,
            "extractor": f"{collection.extractor_name} {collection.extractor_version}",
            "api": addresses.resource(collection),
            "samples": addresses.samples(collection),
            "failures": addresses.failures(collection),
            "lineage": addresses.lineage(collection),
            "endpoint": addresses.extractor(collection),
        },
        code_version=collection.definition_fp,
    )
    def documents(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        with no_retry_in_vain(), stoppable(context) as stop:
            tag_run(context, collection)
            opened = warehouse.open()
            reports = opened.materialize(
                collection.collection_id,
                list(context.partition_keys),
                run_id=context.run_id,
                progress=Progress(context.log.info),
                stop=stop,
            )
            canceled = canceled_batches(opened, context.partition_keys)
            reporter = RunReporter(opened, collection, addresses, sources)
            spent = opened.spending.run_metadata(collection.collection_id, context.run_id)
            metadata = {**reporter.of_run(reports), **spent}
            for batch_id, of_batch in reporter.of_batches(reports).items():
                context.add_asset_metadata(of_batch, partition_key=batch_id)
        if stop.is_final or len(canceled) == len(reports):
            everything = total(list(reports.values()))
            raise ended_early(context, f"{everything.line}; {', '.join(list(canceled)[:10])}", metadata)
        wanted = [report for batch_id, report in reports.items() if batch_id not in canceled]
        whole = total(wanted, collection_id=collection.collection_id)
        if whole.outcome in FAILED_OUTCOMES:
            report_checks_now(context.instance, collection, opened, addresses)
            raise dg.Failure(f"{whole.outcome}: {whole.line}", metadata=metadata, allow_retries=False)
        return dg.MaterializeResult(metadata=metadata)

    return documents
