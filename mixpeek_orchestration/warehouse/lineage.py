"""The ways of documents: from their root objects down to them, and on to what was made of them.

Each collection on the way is read once, however many documents are asked for and by however many ways they are
reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.tiers import tier_of

Row = Mapping[str, Any]
_Key = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One document on the way from an object to a document: the row, and the collection it is in."""

    row: Row
    collection: Collection

    @property
    def document_id(self) -> str:
        return str(self.row[document.DOCUMENT_ID])

    @property
    def source(self) -> _Key | None:
        """The collection and the document that it was made of; `None` when that was an object."""
        collection_id = self.row[document.SOURCE_COLLECTION]
        return (collection_id, self.row[document.SOURCE_ITEM]) if collection_id else None


class Lineage:
    """Where documents come from and what became of them."""

    def __init__(self, catalog: Catalog, documents: DocumentStore) -> None:
        self._catalog = catalog
        self._documents = documents

    def of(self, collection: Collection, document_id: str, *, whole: bool = False) -> list[Step]:
        """The way to one document; raises `NotFound`. With `whole` its rows have all columns but vectors."""
        rows = self._rows(collection, document.DOCUMENT_ID, [document_id], whole=whole)
        if not rows:
            raise NotFound(
                f"Collection {collection.name!r} has no document {document_id!r}.",
                field="document_id",
                value=document_id,
            )
        return self.ways(collection, rows, whole=whole)[0]

    def ways(self, collection: Collection, rows: Sequence[Row], *, whole: bool = False) -> list[list[Step]]:
        """For each row the steps that lead to it, the first made of an object. A step whose document or collection is
        gone since ends the way there."""
        return self.ways_of([Step(row, collection) for row in rows], whole=whole)

    def ways_of(self, last: Sequence[Step], *, whole: bool = False) -> list[list[Step]]:
        """The same for documents of several collections of one namespace."""
        known = self._above(last, whole=whole)
        return [list(_way(step, known))[::-1] for step in last]

    def descendants(self, collection: Collection, document_id: str) -> list[Step]:
        """The documents that were made of one, directly or not, nearest tier first, with all columns but vectors."""
        made: dict[str, set[str]] = {collection.collection_id: {document_id}}
        found: list[Step] = []
        for reader in self._by_tier(collection):
            parents = {one for source_id in reader.source.ids for one in made.get(source_id, ())}
            if reader.source.type == "bucket" or not parents:
                continue
            rows = self._rows(reader, document.SOURCE_ITEM, sorted(parents), whole=True)
            made[reader.collection_id] = {row[document.DOCUMENT_ID] for row in rows}
            found += [Step(row, reader) for row in sorted(rows, key=lambda row: row[document.DOCUMENT_ID])]
        return found

    def _above(self, last: Sequence[Step], *, whole: bool) -> dict[_Key, Step]:
        """Every document that the last ones come from, by collection and id."""
        wanted: dict[str, set[str]] = {}
        _want(wanted, last)
        known: dict[_Key, Step] = {}
        if not wanted:
            return known
        # From the last tier up: all that asks for documents of a collection has been read before the collection is.
        for source in reversed(self._by_tier(last[0].collection)):
            ids = wanted.get(source.collection_id)
            if not ids:
                continue
            rows = self._rows(source, document.DOCUMENT_ID, sorted(ids), whole=whole)
            steps = [Step(row, source) for row in rows]
            known |= {(source.collection_id, step.document_id): step for step in steps}
            _want(wanted, steps)
        return known

    def _by_tier(self, collection: Collection) -> list[Collection]:
        every = self._catalog.resources.collections(collection.namespace_id)
        tiers = tier_of(every)
        return sorted(every, key=lambda c: (tiers[c.collection_id], c.created_at, c.collection_id))

    def _rows(self, collection: Collection, column: str, values: Sequence[str], *, whole: bool) -> list[Row]:
        generation = self._catalog.resources.generation(collection.active_generation)
        if generation is None:
            return []
        hidden = {vector.column for vector in generation.vectors}
        shown = [name for name in self._documents.columns(generation.table) if name not in hidden]
        columns = shown if whole else list(document.LINEAGE)
        read: list[Row] = self._documents.by_ids(
            generation.table, column, values, columns=columns or list(document.LINEAGE)
        ).to_pylist()
        return read


def _want(wanted: dict[str, set[str]], steps: Sequence[Step]) -> None:
    for step in steps:
        if step.source:
            wanted.setdefault(step.source[0], set()).add(step.source[1])


def _way(step: Step | None, known: Mapping[_Key, Step]) -> Iterator[Step]:
    while step is not None:
        yield step
        step = known.get(step.source) if step.source else None
