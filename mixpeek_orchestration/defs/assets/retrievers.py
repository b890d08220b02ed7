"""Retriever assets: a saved search, verified against the collections that it reads."""

from collections.abc import Sequence

import dagster as dg

from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.descriptions import retriever_description
from mixpeek_orchestration.defs.lineage import lineage_asset, no_retry_in_vain, tag_run
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotRetriever


def retriever_asset(
    retriever: SnapshotRetriever, *, upstream: Sequence[naming.Resource], addresses: Addresses
) -> dg.AssetsDefinition:
    """The asset of a retriever: materialized when every feature it searches is held by what it reads."""

    @lineage_asset(
        retriever,
        upstream=upstream,
        description=retriever_description(retriever),
        kinds={"retriever"},
        metadata={
            "retriever_id": retriever.retriever_id,
            "api": addresses.resource(retriever),
            "lineage": addresses.lineage(retriever),
        },
    )
    def search(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        from mixpeek_orchestration.warehouse.resolution import resolve_features

        with no_retry_in_vain():
            tag_run(context, retriever)
            resources = warehouse.open().catalog.resources
            resolved = resolve_features(resources, retriever.namespace_id, retriever.retriever_id)
        context.log.info(f"{len(resolved)} features resolve.")
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": len(resolved),
                "collections": len(retriever.collection_ids),
                "features": resolved,
            }
        )

    return search
