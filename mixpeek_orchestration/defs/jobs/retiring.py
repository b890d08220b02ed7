"""The job that ends endpoints which nobody needs any more."""

import dagster as dg

from mixpeek_orchestration.defs.resources import WarehouseResource


@dg.op(
    name="end_unwanted_endpoints",
    description="Ends every endpoint that no enabled collection searches with and that is not deployed.",
)
def end_unwanted_endpoints(context: dg.OpExecutionContext, warehouse: WarehouseResource) -> None:
    """What is needed again by the time its turn comes stays."""
    endpoints = warehouse.open().endpoints
    for deployment in endpoints.unwanted():
        if endpoints.remove(deployment.endpoint_id):
            context.log.info(f"Ended {deployment.extractor_name} {deployment.extractor_version}.")


@dg.job(name="retire_endpoints", description="Upkeep: ends endpoints that nobody needs any more.")
def retire_endpoints() -> None:
    """One op, so that a run of it is one line in the UI."""
    end_unwanted_endpoints()
