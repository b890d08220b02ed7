"""A run is built from the snapshot that it was launched with, whatever has been published since."""

from __future__ import annotations

from pathlib import Path
from typing import Final

# Dagster documents this class for loading state, but exports it nowhere.
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType

from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot

PINNED: Final = "mixpeek/snapshot"


def pinned_snapshot(folder: Path) -> Snapshot:
    """In a run the snapshot that the run was launched with, else the current one; pinned for runs to come.

    Raises `NotFound` when the pinned snapshot is gone.
    """
    context = DefinitionsLoadContext.get()
    pinned: str | None = None
    if context.load_type == DefinitionsLoadType.RECONSTRUCTION:
        pinned = context.reconstruction_metadata.get(PINNED)
    snapshot = read_snapshot(folder, pinned or None)
    context.add_to_pending_reconstruction_metadata(PINNED, snapshot.content_hash)
    return snapshot
