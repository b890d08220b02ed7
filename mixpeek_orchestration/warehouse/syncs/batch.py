"""The batch that a run of a sync is filling: a draft that is written down with the files in it, then submitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.syncs.sync import Sync, SyncRules
from mixpeek_orchestration.warehouse.batches import Batches

OBJECTS: Final = 1_000
"""How many objects a batch of a sync holds: a batch is a run, and a run has its price."""


@dataclass
class OpenBatch:
    """At most one draft at a time; it begins as the one that an interrupted run left."""

    catalog: Catalog
    batches: Batches
    bucket: Bucket
    sync: Sync
    count: int = 0

    def __post_init__(self) -> None:
        self.batch_id = self.sync.state.open_batch
        draft = self.catalog.batches.get(self.batch_id) if self.batch_id else None
        self.count = draft.object_count if draft else 0

    @property
    def is_full(self) -> bool:
        return self.count >= OBJECTS

    def add(self, object_ids: Sequence[str]) -> bool:
        """The objects are in the draft. `False` when none is wanted: the sync only stores, or nothing reads the bucket."""
        below = readers(self.catalog, self.batches, self.bucket, self.sync.rules)
        if self.sync.rules.skip_batch_submission or not below:
            return False
        if not object_ids:
            return True
        if not self.batch_id:
            metadata = {"trigger": "sync", "sync_config_id": self.sync.sync_id}
            draft = self.batches.draft(
                self.bucket, object_ids, collection_ids=below, name="sync", metadata=metadata
            )
            self.batch_id = draft.batch_id
        else:
            self.catalog.batches.add(self.batch_id, object_ids)
        self.count += len(object_ids)
        return True

    def written_down(self, sync: Sync) -> Sync:
        """The sync, knowing which draft its files went into."""
        return replace(sync, state=replace(sync.state, open_batch=self.batch_id))

    def submit(self) -> str | None:
        """The id of the draft, which is submitted now or was before; `None` without one.

        Raises `OverBudget`, and stays open then.
        """
        if not self.batch_id:
            return None
        self.submit_held(self.batch_id)
        return self.put_aside()

    def submit_held(self, batch_id: str) -> None:
        """A draft of this sync is on its way, now or since before; one that is gone from the catalog is none. Raises
        `OverBudget`."""
        batch = self.catalog.batches.get(batch_id)
        if batch is not None and batch.status == "DRAFT":
            self.batches.submit(self.bucket, batch_id)

    def put_aside(self) -> str:
        """The id of the draft; what comes now begins another one."""
        batch_id, self.batch_id, self.count = self.batch_id, "", 0
        return batch_id


def readers(catalog: Catalog, batches: Batches, bucket: Bucket, rules: SyncRules) -> list[str]:
    """The collections of the batches of a sync: those that it names, or all that read the bucket."""
    below = batches.collections_below(bucket)
    named = set(rules.batch_collection_ids)
    if not named:
        return below
    collections = catalog.resources.collections(bucket.namespace_id)
    wanted = {c.collection_id for c in collections if {c.collection_id, c.name} & named}
    return [collection_id for collection_id in below if collection_id in wanted]
