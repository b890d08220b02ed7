"""What a collection's schedule asks for: its stale objects, processed again as one batch per bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.tiers import root_buckets, tier_of
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.runs.planning import Planned

STALE: Final = (planning.EXTRACT, planning.PATCH, planning.DELETE)
_OPEN: Final = {"PENDING", "IN_PROGRESS"}
_MANY: Final = 10_000


class Schedules:
    """Reprocessing what is stale, and nothing else."""

    def __init__(self, catalog: Catalog, batches: Batches, plan: Callable[[str], Planned]) -> None:
        self._catalog = catalog
        self._batches = batches
        self._plan = plan

    def stale(self, collection_id: str) -> list[str]:
        """The ids of the objects whose items are stale in a collection, and that no open batch takes there already."""
        found = stale_roots(self._plan(collection_id).plan)
        return [one for one in found if one not in self._on_their_way(collection_id)] if found else []

    def refresh(self, collection_id: str, *, trigger: str = "schedule") -> list[Batch]:
        """A submitted batch per bucket of what is stale now, through the collection and all below it; none when
        nothing is, or while the collection is disabled."""
        collections = {c.collection_id: c for c in self._catalog.resources.collections()}
        collection = collections.get(collection_id)
        if collection is None or not collection.enabled:
            return []
        stale = self.stale(collection_id)
        below = downstream(collection_id, collections)
        return [
            self._submitted(collection, bucket_id, object_ids, below, trigger)
            for bucket_id, object_ids in self._by_bucket(collection_id, stale, collections).items()
        ]

    def _submitted(
        self,
        collection: Collection,
        bucket_id: str,
        object_ids: Sequence[str],
        below: Sequence[str],
        trigger: str,
    ) -> Batch:
        """Unchecked, because deleted objects are stale too: their documents are what has to go."""
        bucket = self._catalog.resources.bucket(collection.namespace_id, bucket_id)
        assert bucket is not None, "a collection's buckets outlive it"
        draft = self._batches.draft(
            bucket,
            object_ids,
            collection_ids=below,
            name=f"stale in {collection.name}",
            metadata={"trigger": trigger},
        )
        return self._batches.submit(bucket, draft.batch_id)

    def _on_their_way(self, collection_id: str) -> set[str]:
        open_batches = [
            batch.batch_id
            for batch in self._catalog.batches.recent(statuses=_OPEN, limit=_MANY)
            if collection_id in batch.collection_ids
        ]
        return {one for ids in self._catalog.batches.object_ids(open_batches).values() for one in ids}

    def _by_bucket(
        self, collection_id: str, stale: Sequence[str], collections: Mapping[str, Collection]
    ) -> dict[str, list[str]]:
        """The objects by bucket; deleted ones are in no bucket any more and go with the first."""
        if not stale:
            return {}
        buckets = sorted(root_buckets(collection_id, collections))
        live = self._catalog.objects.get_many(stale)
        found: dict[str, list[str]] = {}
        for object_id in stale:
            bucket_id = live[object_id].bucket_id if object_id in live else buckets[0]
            found.setdefault(bucket_id, []).append(object_id)
        return found


def stale_roots(plan: planning.Plan) -> list[str]:
    """The objects that a plan would do something for, each once, in its order."""
    import polars as pl

    wanted = plan.frame.filter(pl.col("action").is_in(STALE))
    roots: list[str] = wanted["root_object"].unique(maintain_order=True).to_list()
    return roots


def downstream(collection_id: str, collections: Mapping[str, Collection]) -> list[str]:
    """The collection and every enabled one that reads it, directly or not, by tier."""
    enabled = {cid: c for cid, c in collections.items() if c.enabled or cid == collection_id}
    reached, tiers = {collection_id}, tier_of(enabled.values())
    for cid in sorted(enabled, key=lambda one: tiers[one]):
        if not reached.isdisjoint(enabled[cid].source.ids):
            reached.add(cid)
    return sorted(reached, key=lambda one: (tiers[one], one))
