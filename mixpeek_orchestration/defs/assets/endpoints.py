"""Endpoint assets: an extractor version that answers queries."""

from collections.abc import Sequence

import dagster as dg

from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.descriptions import endpoint_description
from mixpeek_orchestration.defs.lineage import lineage_asset, no_retry_in_vain, tag_run
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotEndpoint


def endpoint_asset(
    endpoint: SnapshotEndpoint, *, upstream: Sequence[naming.Resource], addresses: Addresses
) -> dg.AssetsDefinition:
    """The asset of an endpoint: materialized when it runs what the collections were made with."""
    name, version = endpoint.extractor_name, endpoint.extractor_version

    @lineage_asset(
        endpoint,
        upstream=upstream,
        description=endpoint_description(endpoint),
        kinds={"ray", "endpoint"},
        metadata={
            "extractor": f"{name} {version}",
            "api": addresses.resource(endpoint),
            "lineage": addresses.lineage(endpoint),
        },
        retries=None,  # the endpoint sensor asks again, with growing pauses
    )
    def deployment(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        context.log.info(f"Deploying {name} {version}; it counts as running after a real inference.")
        with no_retry_in_vain():
            tag_run(context, endpoint)
            running = warehouse.open().endpoints.deploy(name, version, owner=endpoint.owner)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": 1,
                "status": running.status,
                "endpoint_id": running.endpoint_id,
                "serve": dg.MetadataValue.url(running.url),
                "running_fp": running.running_fp,
                "parameter_sets": len(running.code_fps),
            }
        )

    return deployment
