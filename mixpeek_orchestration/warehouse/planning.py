"""Asking the planner: gathers its three frames and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.fingerprint import changed_parts
from mixpeek_orchestration.core.plan import Fingerprints, Plan, make_plan
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.items import ItemReader, open_reader


@dataclass(frozen=True)
class Planned:
    """A plan with what it was made from. `roots_by_batch` is empty when the whole source was planned."""

    collection: Collection
    generation: Generation
    description: ExtractorDescription
    reader: ItemReader
    plan: Plan
    roots_by_batch: dict[str, list[str]]
    code_changes: list[str]

    def of_batch(self, batch_id: str) -> Plan:
        return self.plan.within(self.roots_by_batch[batch_id]) if batch_id else self.plan


class Planner:
    """Plans for collections, whole or for a set of batches, each in one read of the table."""

    def __init__(self, catalog: Catalog, documents: DocumentStore, collections: Collections) -> None:
        self._catalog = catalog
        self._documents = documents
        self._collections = collections

    def plan(self, collection_id: str, batch_ids: Sequence[str] | None = None) -> Planned:
        """What would run for these batches (for everything in the source without them), and why."""
        collection = self._collections.by_id(collection_id)
        generation = self._collections.generation(collection)
        description = self._collections.description(collection)
        reader = open_reader(collection, self._catalog, self._documents)
        roots_by_batch = self._roots(batch_ids)
        roots = None if batch_ids is None else set().union(*roots_by_batch.values())
        plan = make_plan(
            reader.frame(roots),
            self._documents.state(generation.table, roots=roots),
            self._catalog.ledger.outcomes(generation.generation_id, roots=roots),
            code_fp=description.code_fp,
            fingerprints=lambda items: _fingerprints(reader, items),
            force=self._is_forced(batch_ids),
            replays=batch_ids or (),
        )
        changes = self._code_changes(generation.code_fp, description)
        return Planned(collection, generation, description, reader, plan, roots_by_batch, changes)

    def _roots(self, batch_ids: Sequence[str] | None) -> dict[str, list[str]]:
        if batch_ids is None:
            return {}
        roots = self._catalog.batches.object_ids(batch_ids)
        for batch_id in batch_ids:
            if batch_id not in roots:
                raise NotFound(f"There is no batch {batch_id!r}.", field="batch_id", value=batch_id)
        return roots

    def _is_forced(self, batch_ids: Sequence[str] | None) -> bool:
        found = [self._catalog.batches.get(batch_id) for batch_id in batch_ids or ()]
        return any(batch is not None and batch.dedup_strategy != "skip" for batch in found)

    def _code_changes(self, last: str, description: ExtractorDescription) -> list[str]:
        """What differs between the code that committed last and the code there is now, a sentence each."""
        if not last or last == description.code_fp:
            return []
        return changed_parts(self._catalog.ledger.code(last), description.code_parts)


def _fingerprints(reader: ItemReader, items: list[str]) -> Fingerprints:
    return {item: (loaded.input_fp, loaded.pass_fp) for item, loaded in reader.load(items).items()}
