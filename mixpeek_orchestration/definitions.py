"""The Dagster entry point: definitions of what one snapshot file names, and nothing else."""

import functools
from pathlib import Path

import dagster as dg

from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.location import build_definitions
from mixpeek_orchestration.defs.pinning import pinned_snapshot
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot


@dg.definitions
def defs() -> dg.Definitions:
    """Empty, but loading, before anything was declared."""
    settings = Settings()
    addresses = Addresses(f"http://{settings.host}:{settings.api_port}", settings.documents)
    return _built(pinned_snapshot(settings.snapshots), settings.snapshots, addresses)


@functools.lru_cache(maxsize=1)
def _built(snapshot: Snapshot, snapshots: Path, addresses: Addresses) -> dg.Definitions:
    """Kept, because one load by Dagster asks twice: for the names of what there is, and for what it serves."""
    return build_definitions(snapshot, snapshots=snapshots, addresses=addresses)
