"""Which generations of a collection a run works on: all that exist, or the one that a batch fills.

A generation exists as long as the catalog has it. The active one answers; another one follows it, so that switching to
it, or back, loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.catalog import Catalog

GENERATION: Final = "generation"
"""In a batch's metadata: the one generation that the batch fills."""


@dataclass(frozen=True)
class Share:
    """The part of a run that goes to one generation. What `follows` may be behind; the active one may not."""

    generation: Generation
    batch_ids: list[str] | None
    follows: bool = False


def writer_lease(generation: Generation) -> str:
    """The name of the lease that the one writer of a generation's table holds."""
    return f"write:{generation.table}"


def shares_of(
    catalog: Catalog, collection: Collection, batch_ids: Sequence[str] | None
) -> tuple[list[Share], list[str]]:
    """The shares of a run, the active generation first, and the batches that fill a generation which is gone."""
    generations = {g.generation_id: g for g in catalog.resources.generations(collection.collection_id)}
    active = generations.get(collection.active_generation)
    if active is None:
        raise NotFound(
            f"Collection {collection.name!r} has no active generation.", value=collection.collection_id
        )
    others = [g for g in generations.values() if g is not active]
    if batch_ids is None:
        return [Share(active, None), *(Share(other, None, follows=True) for other in others)], []
    known = catalog.batches.get_many(batch_ids)
    asked = [(batch_id, generation_of(known.get(batch_id))) for batch_id in batch_ids]
    ordinary = [batch_id for batch_id, generation_id in asked if not generation_id]
    shares = []
    if ordinary:
        shares = [Share(active, ordinary), *(Share(other, ordinary, follows=True) for other in others)]
    for generation_id, generation in generations.items():
        filling = [batch_id for batch_id, wanted in asked if wanted == generation_id]
        if filling:
            shares.append(Share(generation, filling))
    return shares, [batch_id for batch_id, wanted in asked if wanted and wanted not in generations]


def standing(catalog: Catalog, collections: Sequence[Collection]) -> list[Collection]:
    """The collections, and each once more as it is filled by a generation that follows its active one.

    Whoever needs to know which extractors are in use reads these.
    """
    by_id = {collection.collection_id: collection for collection in collections}
    followers = [
        replace(by_id[g.collection_id].filled_by(g), active_generation=g.generation_id)
        for g in catalog.resources.generations()
        if g.collection_id in by_id and by_id[g.collection_id].active_generation != g.generation_id
    ]
    return [*collections, *followers]


def generation_of(batch: Batch | None) -> str:
    """The generation that a batch fills alone; empty for a batch that is for all of them."""
    return str(batch.metadata.get(GENERATION) or "") if batch is not None else ""


def filled_alone(catalog: Catalog, collection_id: str, batch_ids: Sequence[str]) -> Generation | None:
    """The one generation of a collection that all of these batches fill; `None` where they are for all of them."""
    wanted = {generation_of(batch) for batch in catalog.batches.get_many(batch_ids).values()}
    if len(wanted) != 1 or "" in wanted:
        return None
    found = catalog.resources.generation(wanted.pop())
    return found if found is not None and found.collection_id == collection_id else None
