"""Reprocessing: a part of what collections have runs again, as batches like any other, once its price is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.selection import METADATA, Selection
from mixpeek_orchestration.core.spending.forecast import Forecast
from mixpeek_orchestration.core.tiers import root_buckets
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.spending.estimates import Estimates, Outlook
from mixpeek_orchestration.warehouse.spending.spending import MAX_COST, Spending

MOST_OBJECTS = 10_000
"""More objects than this make more than one batch."""
TRIGGER = "reprocess"


@dataclass(frozen=True)
class Reprocessing:
    """What was asked for and what it would take; nothing is stored yet."""

    collections: tuple[Collection, ...]
    selection: Selection
    outlook: Outlook
    max_cost: float | None = None

    @property
    def forecast(self) -> Forecast:
        return self.outlook.forecast


class Reprocess:
    """Plans what runs again, and submits it."""

    def __init__(self, catalog: Catalog, batches: Batches, estimates: Estimates, spending: Spending) -> None:
        self._catalog = catalog
        self._batches = batches
        self._estimates = estimates
        self._spending = spending

    def made_by(self, namespace_id: str, extractor: str) -> list[Collection]:
        """The enabled collections that an extractor makes, `NAME` or `NAME@VERSION`; raises `InvalidInput` when there
        is none."""
        name, _, version = extractor.partition("@")
        every = [c for c in self._catalog.resources.collections(namespace_id) if c.enabled]
        found = [c for c in every if c.extractor.name == name and _is_version(c, version)]
        if not found:
            known = sorted({f"{c.extractor.name}@{c.extractor.version}" for c in every})
            raise InvalidInput(
                f"No collection here is made by {extractor!r}.",
                field="extractor",
                value=extractor,
                fix=f"Use one of: {', '.join(known)}." if known else "Create a collection first.",
            )
        return found

    def prepare(
        self, collections: Sequence[Collection], selection: Selection, *, max_cost: float | None = None
    ) -> Reprocessing:
        """What would run for this selection of these collections, and in the tiers below them."""
        outlook = self._estimates.outlook(collections, selection)
        return Reprocessing(tuple(collections), selection, outlook, max_cost)

    def admit(self, asked: Reprocessing) -> None:
        """Raises `OverBudget` when it would cost more than it may."""
        self._spending.admit(asked.forecast, max_cost=asked.max_cost)

    def submit(self, asked: Reprocessing, *, also_idle: bool = False) -> list[Batch]:
        """The submitted batches, one per bucket and 10,000 objects; none when there is nothing to run, unless a batch
        that finds everything up to date is wanted all the same.

        Raises `OverBudget` before the first one is stored, and `InvalidInput` when a batch is wanted and no object is
        there.
        """
        self.admit(asked)
        roots = asked.outlook.due_roots
        if also_idle and not roots:
            roots = asked.outlook.roots
            _refuse_nothing(asked, roots)
        return [self._batches.submit(bucket, draft.batch_id) for bucket, draft in self._drafts(asked, roots)]

    def _drafts(self, asked: Reprocessing, left: list[str]) -> Iterator[tuple[Bucket, Batch]]:
        named = {c.collection_id: c for c in self._catalog.resources.collections(asked.forecast.namespace_id)}
        bucket_ids = self._estimates.buckets_of(asked.collections)
        for position, bucket_id in enumerate(bucket_ids):
            live = set(self._catalog.objects.frame([bucket_id], object_ids=left)["item"].to_list())
            # What is in no bucket any more goes with the last one: its documents have to go.
            last = position == len(bucket_ids) - 1
            own = left if last else [root for root in left if root in live]
            left = [] if last else [root for root in left if root not in live]
            path = [
                t.collection_id
                for t in asked.forecast.tiers
                if bucket_id in root_buckets(t.collection_id, named)
            ]
            for chunk in _chunks(own, MOST_OBJECTS):
                bucket = self._catalog.resources.bucket(asked.forecast.namespace_id, bucket_id)
                assert bucket is not None, "a collection's bucket is there as long as the collection is"
                yield (
                    bucket,
                    self._batches.draft(
                        bucket,
                        chunk,
                        collection_ids=path,
                        name=f"reprocess {', '.join(c.name for c in asked.collections)}"[:256],
                        metadata=_metadata(asked),
                    ),
                )


def _refuse_nothing(asked: Reprocessing, roots: Sequence[str]) -> None:
    if not roots:
        raise InvalidInput(
            f"{', '.join(c.name for c in asked.collections)}: the source has none of the objects.",
            field="object_ids",
            value=list(asked.selection.object_ids),
            fix="Add objects first, or name others.",
        )


def _metadata(asked: Reprocessing) -> dict[str, Any]:
    meant = replace(
        asked.selection.resolved(()), collection_ids=tuple(c.collection_id for c in asked.collections)
    )
    capped = {} if asked.max_cost is None else {MAX_COST: asked.max_cost}
    return {"trigger": TRIGGER, METADATA: meant.as_metadata(), **capped}


def _is_version(collection: Collection, version: str) -> bool:
    return not version or canonical_version(collection.extractor.version) == canonical_version(version)


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
