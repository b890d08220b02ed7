"""Failures of collections: listed, grouped, and replayed by a batch that runs exactly the chosen items again."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import InvalidInput, NotFound
from mixpeek_orchestration.core.failure import GROUPS, TRANSIENT, FailureGroup, FailureQuery
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.replay import path_below, replay_metadata
from mixpeek_orchestration.core.tiers import root_buckets
from mixpeek_orchestration.warehouse.batches import Batches

BY_DEFAULT = ("error_class", "step", "extractor", "kind")


class Failures:
    """What failed in the generation that answers, and how it is tried again."""

    def __init__(self, catalog: Catalog, batches: Batches) -> None:
        self._catalog = catalog
        self._batches = batches

    def of(
        self, collection: Collection, *, open_only: bool = True, group_by: Sequence[str] = BY_DEFAULT
    ) -> list[FailureGroup]:
        """The failures of a collection in groups, those with the most items first."""
        unknown = [name for name in group_by if name not in GROUPS]
        if unknown:
            raise InvalidInput(
                f"Failures cannot be grouped by {unknown[0]!r}.",
                field="group_by",
                value=unknown[0],
                fix=f"Group by some of {', '.join(GROUPS)}.",
            )
        return self._catalog.failures.groups(self.query(collection, open_only=open_only), by=group_by)

    def query(self, collection: Collection, *, open_only: bool = True, **said: str | None) -> FailureQuery:
        """Which failures of the generation that answers; see `FailureQuery` for what can be said."""
        return FailureQuery(
            collection.collection_id,
            open_only=open_only,
            generation_id=collection.active_generation or None,
            **said,
        )

    def page(self, which: FailureQuery, *, limit: int = 100, offset: int = 0) -> list[Failure]:
        """Newest first."""
        return self._catalog.failures.page(which, limit=limit, offset=offset)

    def replay(
        self, collection: Collection, *, error_class: str | None = None, items: AnyOf[str] | None = None
    ) -> Batch:
        """A submitted batch that tries exactly these items of the collection again, and passes what comes of them on to
        the tiers below.

        Without `error_class` and `items` it is every item with an open failure. Raises `NotFound` for an item without
        one, and when there is nothing to try.
        """
        found = self._catalog.failures.items(self.query(collection, error_class=error_class))
        if items is not None:
            for item in items:
                if item not in found:
                    raise _no_failure(collection, item, error_class)
            found = {item: found[item] for item in items}
        if not found:
            raise self._nothing(collection, error_class)
        return self._submitted({collection.collection_id: found}, error_class=error_class)

    def retry(
        self,
        batch: Batch,
        *,
        transient_only: bool = True,
        collection_ids: AnyOf[str] | None = None,
        max_attempts: int = 0,
    ) -> Batch:
        """A submitted batch that tries again what failed in a batch and is open still; items that were tried
        `max_attempts` times already are left alone. Raises `NotFound` when nothing is left to try."""
        chosen: dict[str, dict[str, str]] = {}
        for collection in self._of_batch(batch, collection_ids):
            which = self.query(collection, batch_id=batch.batch_id)
            found = self._catalog.failures.items(replace(which, kind=TRANSIENT) if transient_only else which)
            tired = self._tired(which, max_attempts) if max_attempts else frozenset()
            left = {item: root for item, root in found.items() if item not in tired}
            if left:
                chosen[collection.collection_id] = left
        if not chosen:
            raise NotFound(
                f"Batch {batch.batch_id} has no open failure {'that is transient' if transient_only else 'left'}"
                f"{f' with fewer than {max_attempts} attempts' if max_attempts else ''}.",
                field="batch_id",
                value=batch.batch_id,
                fix="Look at its failed-documents; send retry_mode `all` for permanent failures too."
                if transient_only
                else "Look at its failed-documents.",
            )
        return self._submitted(chosen, retry_of=batch.batch_id)

    def _tired(self, which: FailureQuery, attempts: int) -> AnyOf[str]:
        """The items that were tried so many times."""
        every = self.page(which, limit=self._catalog.failures.count(which))
        return {failure.error.item for failure in every if failure.attempt >= attempts}

    def _of_batch(self, batch: Batch, collection_ids: AnyOf[str] | None) -> list[Collection]:
        wanted = batch.collection_ids if collection_ids is None else collection_ids
        every = self._catalog.resources.collections(batch.namespace_id)
        return [c for c in every if c.collection_id in batch.collection_ids and c.collection_id in wanted]

    def _submitted(self, items: Mapping[str, Mapping[str, str]], **said: str | None) -> Batch:
        """The batch is drafted first, because the marks on the items name it, and submitted last."""
        every = {c.collection_id: c for c in self._catalog.resources.collections()}
        roots = list(dict.fromkeys(root for chosen in items.values() for root in chosen.values()))
        bucket = self._bucket(every[next(iter(items))], roots, every)
        same = [c for c in every.values() if c.namespace_id == bucket.namespace_id]
        batch = self._batches.draft(
            bucket,
            roots,
            collection_ids=path_below(items, same),
            name="replay of failures",
            metadata=replay_metadata(items, **said),
        )
        for collection_id, chosen in items.items():
            generation_id = every[collection_id].active_generation
            self._catalog.ledger.ask_replay(generation_id, list(chosen), batch_id=batch.batch_id)
        return self._batches.submit(bucket, batch.batch_id)

    def _bucket(
        self, collection: Collection, roots: Sequence[str], every: Mapping[str, Collection]
    ) -> Bucket:
        """The bucket of the first of these objects that still exists, else the first one that the collection reads."""
        live = self._catalog.objects.get_many(roots[:1_000])
        ids = [live[root].bucket_id for root in roots if root in live]
        ids += sorted(root_buckets(collection.collection_id, every))
        for bucket_id in dict.fromkeys(ids):
            found = self._catalog.resources.bucket(collection.namespace_id, bucket_id)
            if found is not None:
                return found
        raise NotFound(
            f"Collection {collection.name!r} reads no bucket that exists.", value=collection.collection_id
        )

    def _nothing(self, collection: Collection, error_class: str | None) -> NotFound:
        classes = [g.key["error_class"] for g in self.of(collection, group_by=["error_class"])]
        told = f"Open failures are of class {', '.join(classes)}." if classes else "Nothing failed."
        of_class = f" of class {error_class!r}" if error_class else ""
        return NotFound(
            f"Collection {collection.name!r} has no open failure{of_class}.",
            field="error_class" if error_class else None,
            value=error_class,
            fix=told,
        )


def _no_failure(collection: Collection, item: str, error_class: str | None) -> NotFound:
    of_class = f" of class {error_class!r}" if error_class else ""
    return NotFound(
        f"Item {item!r} has no open failure{of_class} in collection {collection.name!r}.",
        field="items",
        value=item,
        fix="`mixpeek failures` lists those that have one.",
    )
