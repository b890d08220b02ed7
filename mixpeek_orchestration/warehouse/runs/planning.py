"""Asking the planner: gathers its three frames and decides nothing."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mixpeek_orchestration.core.batch_plans import Asked, asked_by, forced_roots, joined_plan, plans_of
from mixpeek_orchestration.core.change import told_changes
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.plan import Fingerprints, Plan, make_plan
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.runs.generations import filled_alone
from mixpeek_orchestration.warehouse.runs.items import ItemReader, open_reader
from mixpeek_orchestration.warehouse.runs.selecting import selected


@dataclass(frozen=True)
class Planned:
    """A plan with what it was made from. `roots_by_batch` is empty when the whole source was planned.

    `code_changes` says in words what differs between the code that made what is stale and the code there is now.
    """

    collection: Collection
    generation: Generation
    description: ExtractorDescription
    reader: ItemReader
    plan: Plan
    roots_by_batch: dict[str, list[str]]
    code_changes: list[str]
    parts: Mapping[str, Plan] = field(default_factory=dict)

    def of_batch(self, batch_id: str) -> Plan:
        """The part of the plan that belongs to one batch, and the whole without one."""
        return self.parts[batch_id] if batch_id else self.plan


class Planner:
    """Plans for collections, whole or for a set of batches, each in one read of the table."""

    def __init__(self, catalog: Catalog, documents: DocumentStore, collections: Collections) -> None:
        self._catalog = catalog
        self._documents = documents
        self._collections = collections

    def plan(
        self,
        collection_id: str,
        batch_ids: Sequence[str] | None = None,
        *,
        selection: Selection | None = None,
        generation: Generation | None = None,
        upstream: Mapping[str, Generation] | None = None,
    ) -> Planned:
        """What would run for these batches (for everything in the source without them), and why.

        Only what is selected is planned: by `selection`, or else by each batch for itself. What is not selected is as
        it was, and not fetched. It is planned for the generation that is given or that the batches fill, else for the
        active one. `upstream` names, by collection id, the generations of sources to read instead of their active ones.
        """
        collection = self._collections.by_id(collection_id)
        if generation is None and batch_ids:
            generation = filled_alone(self._catalog, collection_id, batch_ids)
        generation = generation or self._collections.generation(collection)
        collection = collection.filled_by(generation)
        description = self._collections.description(collection)
        reader = open_reader(collection, self._catalog, self._documents, instead=upstream or {})
        asked = self._asked(batch_ids, collection_id, selection)
        meant = self._meant(selection, collection)
        roots = _roots(asked, meant, whole=batch_ids is None)
        plan = make_plan(
            reader.frame(roots),
            self._documents.state(generation.table, roots=roots),
            self._catalog.ledger.outcomes(generation.generation_id, roots=roots),
            code_fp=description.code_fp,
            fingerprints=lambda items: _fingerprints(reader, items),
            force=meant.force or forced_roots(asked),
            replays=batch_ids or (),
        )
        parts = plans_of(plan, asked)
        chosen = meant.narrow(plan) if batch_ids is None else joined_plan(plan, parts)
        return Planned(
            collection,
            generation,
            description,
            reader,
            chosen,
            {batch_id: list(one.roots) for batch_id, one in asked.items()},
            self._code_changes(chosen.stale_codes, description),
            parts,
        )

    def collection(self, collection_id: str) -> Collection:
        return self._collections.by_id(collection_id)

    def _asked(
        self, batch_ids: Sequence[str] | None, collection_id: str, selection: Selection | None
    ) -> dict[str, Asked]:
        if not batch_ids:
            return {}
        roots = self._catalog.batches.object_ids(batch_ids)
        batches = self._catalog.batches.get_many(batch_ids)
        for batch_id in batch_ids:
            if batch_id not in batches:
                raise NotFound(f"There is no batch {batch_id!r}.", field="batch_id", value=batch_id)
        asked = {b: asked_by(batches[b], roots[b], collection_id) for b in batch_ids}
        if selection is None:
            return asked
        return {b: replace(one, selection=selection.of(collection_id)) for b, one in asked.items()}

    def _meant(self, selection: Selection | None, collection: Collection) -> Selection:
        said = (selection or Selection()).of(collection.collection_id)
        return selected(said, collection, self._catalog)

    def _code_changes(self, stale: Mapping[str, int], description: ExtractorDescription) -> list[str]:
        """A sentence for each difference between the codes that made what is stale and the code there is now."""
        known = [self._catalog.ledger.code(code_fp) for code_fp in stale if code_fp]
        told = [one for parts in known if parts for one in told_changes(parts, description.kept_parts)]
        return list(dict.fromkeys(told))


def _roots(asked: Mapping[str, Asked], meant: Selection, *, whole: bool) -> AnyOf[str] | None:
    """The root objects that are planned; `None` for all of them."""
    if not whole:
        return {root for one in asked.values() for root in one.roots}
    return set(meant.object_ids) or None


def _fingerprints(reader: ItemReader, items: list[str]) -> Fingerprints:
    return {item: (loaded.input_fp, loaded.pass_fp) for item, loaded in reader.load(items).items()}
