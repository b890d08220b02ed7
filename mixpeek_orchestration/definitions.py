"""The Dagster entry point: definitions of what one snapshot file names, and nothing else."""

import dagster as dg

from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.location import build_definitions
from mixpeek_orchestration.defs.pinning import pinned_snapshot
from mixpeek_orchestration.settings import Settings


@dg.definitions
def defs() -> dg.Definitions:
    """Empty, but loading, before anything was declared."""
    settings = Settings()
    addresses = Addresses(f"http://{settings.host}:{settings.api_port}", settings.documents)
    return build_definitions(
        pinned_snapshot(settings.snapshots), snapshots=settings.snapshots, addresses=addresses
    )
