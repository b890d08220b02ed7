"""Looks at sources: a listing, bounded in time, that tells whether a run is worth asking for."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.syncs import SyncSource
from mixpeek_orchestration.core.syncs import looks as sync_looks
from mixpeek_orchestration.core.syncs.sync import Listed, Sync
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.syncs.batch import readers
from mixpeek_orchestration.warehouse.syncs.neighbours import has_lost_holder


@dataclass(frozen=True)
class Look:
    """What a source held, and how long it took to say so."""

    listing: Sequence[Listed]
    took_s: float


def reason_to_run(
    catalog: Catalog, batches: Batches, bucket: Bucket, sync: Sync, source: SyncSource
) -> str | None:
    """Why a due sync needs a run; `None` when its source holds nothing new, and the sync then knows that."""
    reason = sync_looks.reason_without_look(sync.state, time.time())
    if reason is not None:
        return reason
    seen = look(source, sync_looks.LONGEST_LOOK_S)
    if seen is None:
        return "its source cannot be listed at once"
    below = readers(catalog, batches, bucket, sync.rules)
    if sync_looks.mark_of(seen.listing, sync.rules, bucket.properties, below) != sync.state.settled:
        return "its source changed"
    if has_lost_holder(catalog.syncs, sync):
        return "a file is the last of its content in the bucket"
    moment, stamp, files = time.time(), now(), len(seen.listing)
    catalog.syncs.change(
        sync.sync_id,
        lambda old: sync_looks.after_quiet_look(
            old, sync, files=files, took_s=seen.took_s, now=moment, stamp=stamp
        ),
    )
    return None


def look(source: SyncSource, within_s: float) -> Look | None:
    """What the source holds; `None` when it cannot say so in time, or at all: a run then finds out why, and says it.

    A thread that waits for a dead mount cannot be ended; it is left behind, and keeps no process alive.
    """
    found: list[Look] = []

    def listing() -> None:
        started = time.monotonic()
        try:
            listed = list(source.list())
        except MixpeekError:
            return  # The run that follows meets the same error, and records it.
        found.append(Look(listed, time.monotonic() - started))

    thread = threading.Thread(target=listing, name="sync-look", daemon=True)
    thread.start()
    thread.join(within_s)
    return found[0] if found else None
