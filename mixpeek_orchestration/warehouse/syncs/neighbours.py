"""Syncs of one bucket: a file whose bytes another sync holds as an object needs none of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mixpeek_orchestration.core.ports.syncs import SyncCatalog
from mixpeek_orchestration.core.syncs.sync import Sync, SyncFile


def held_elsewhere(syncs: SyncCatalog, sync: Sync, files: Iterable[SyncFile]) -> set[str]:
    """The contents of the sync's duplicates that another sync of the bucket holds."""
    contents = {one.content_hash for one in files if one.status == "duplicate"}
    return syncs.holders(sync.bucket_id, contents, besides=sync.sync_id) if contents else set()


def has_lost_holder(syncs: SyncCatalog, sync: Sync) -> bool:
    """Whether a duplicate of the sync has bytes that nothing in the bucket holds any more."""
    contents = {one.content_hash for one in syncs.files(sync.sync_id, statuses={"duplicate"})} - {""}
    return bool(contents - syncs.holders(sync.bucket_id, contents)) if contents else False


def wake_others(syncs: SyncCatalog, sync: Sync) -> None:
    """The other syncs of the bucket that have duplicates look at once: what held their bytes may be gone.

    They would find out by themselves a look later; until then a file that moved between them has no object.
    """
    for other in syncs.all(bucket_id=sync.bucket_id):
        if other.sync_id != sync.sync_id and syncs.files(other.sync_id, statuses={"duplicate"}):
            syncs.change(other.sync_id, lambda old: replace(old, state=replace(old.state, next_run_at=0.0)))
