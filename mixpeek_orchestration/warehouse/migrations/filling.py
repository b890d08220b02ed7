"""Filling a generation: ordinary batches of the root objects of what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import polars as pl

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.generation_gap import gap
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.migration import Migration, Remaining
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.tiers import root_buckets
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.runs.generations import GENERATION
from mixpeek_orchestration.warehouse.runs.planning import Planner

OBJECTS_PER_BATCH: Final = 1_000
"""A run holds the table for one batch; incoming ones take their turn in between."""

_TO_DO: Final = [planning.EXTRACT, planning.PATCH, planning.DELETE]


def lacking(
    planner: Planner, documents: DocumentStore, answering: Generation, other: Generation
) -> Remaining:
    """What a generation lacks against the one that answers."""
    plans = [planner.plan(one.collection_id, generation=one).plan for one in (answering, other)]
    return gap(plans[0], plans[1], documents=documents.count(other.table))


class Filling:
    """Submits the batches of migrations."""

    def __init__(self, catalog: Catalog, planner: Planner, batches: Batches) -> None:
        self._catalog = catalog
        self._planner = planner
        self._batches = batches

    def submit(
        self, collection: Collection, generation: Generation, migration: Migration, *, sample: int
    ) -> list[Batch]:
        """Batches of what the generation lacks, or of a sample of it; none while earlier ones are not done."""
        if self._under_way(migration):
            return []
        plan = self._planner.plan(collection.collection_id, generation=generation).plan
        roots = plan.frame.filter(pl.col("action").is_in(_TO_DO))["root_object"].unique().to_list()
        chosen = sampled(roots, sample)
        metadata = {GENERATION: generation.generation_id, "trigger": "migration"}
        return self._submitted(
            collection, chosen, [collection.collection_id], {**metadata, "migration": migration.migration_id}
        )

    def rerun(
        self, collection: Collection, migration: Migration, roots_of: Mapping[str, Sequence[str]]
    ) -> list[Batch]:
        """Batches of the later tiers in `roots_of`, by tier, over the root objects that depend on the switch."""
        roots = list(dict.fromkeys(root for roots in roots_of.values() for root in roots))
        metadata = {"trigger": "migration", "migration": migration.migration_id}
        return self._submitted(collection, roots, list(roots_of), metadata) if roots else []

    def _submitted(
        self,
        collection: Collection,
        roots: Sequence[str],
        collection_ids: Sequence[str],
        metadata: Mapping[str, str],
    ) -> list[Batch]:
        done = []
        for bucket, of_bucket in self._by_bucket(collection, roots):
            for chunk in _chunks(of_bucket, OBJECTS_PER_BATCH):
                draft = self._batches.draft(
                    bucket,
                    chunk,
                    collection_ids=collection_ids,
                    name=f"migration of {collection.name}",
                    metadata=metadata,
                )
                done.append(self._batches.submit(bucket, draft.batch_id))
        return done

    def _by_bucket(self, collection: Collection, roots: Sequence[str]) -> Iterator[tuple[Bucket, list[str]]]:
        """The root objects by bucket; those that are deleted go with the first bucket, since nobody has them now."""
        everything = {
            c.collection_id: c for c in self._catalog.resources.collections(collection.namespace_id)
        }
        wanted = root_buckets(collection.collection_id, everything)
        left = dict.fromkeys(roots)
        buckets = [
            b for b in self._catalog.resources.buckets(collection.namespace_id) if b.bucket_id in wanted
        ]
        found = []
        for bucket in buckets:
            there = [one for one in self._catalog.objects.ids(bucket.bucket_id) if one in left]
            for one in there:
                del left[one]
            found.append((bucket, there))
        for index, (bucket, there) in enumerate(found):
            mine = [*there, *left] if index == 0 else there
            if mine:
                yield bucket, mine

    def _under_way(self, migration: Migration) -> bool:
        batches = [self._catalog.batches.get(batch_id) for batch_id in migration.batch_ids]
        return any(batch is not None and not batch.is_terminal for batch in batches)


def sampled(roots: Sequence[str], sample: int) -> list[str]:
    """All of them, or a sample that is the same each time."""
    ordered = sorted(roots, key=lambda root: digest("sample", root))
    return ordered[:sample] if sample else sorted(roots)


def _chunks(values: Sequence[str], size: int) -> Iterator[list[str]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk
