"""A few documents of a collection, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.document import BATCH
from mixpeek_orchestration.core.ports.documents import DocumentStore

if TYPE_CHECKING:  # definitions read rows' batches with this module, and need no specs for it
    from mixpeek_orchestration.warehouse.collections import Collections


class Samples:
    """Reads rows without their vectors, all from one version of the serving table."""

    def __init__(self, documents: DocumentStore, collections: Collections) -> None:
        self._documents = documents
        self._collections = collections

    def of(
        self, collection: Collection, *, limit: int, batch_id: str | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many documents there are (those that the batch was the last to write, where one is named), and the
        first of them by id."""
        generation = self._collections.generation(collection)
        hidden = {vector.column for vector in generation.vectors}
        columns = [name for name in self._documents.columns(generation.table) if name not in hidden]
        version = self._documents.version(generation.table) or None
        where = written_by(batch_id) if batch_id else None
        total = self._documents.count(generation.table, where=where, version=version)
        rows = self._documents.read(
            generation.table, columns=columns, where=where, limit=limit, version=version
        )
        return total, rows.to_pylist()


def written_by(batch_id: str) -> str:
    """The condition for documents that a batch was the last to write."""
    quoted = batch_id.replace("'", "''")
    return f"{BATCH} = '{quoted}'"


def rows_by_batch(documents: DocumentStore, table: str, batch_ids: Sequence[str]) -> dict[str, int]:
    """How many documents each of these batches was the last to write, told from one read however many they are."""
    written = documents.by_ids(table, BATCH, batch_ids, columns=[BATCH]).column(BATCH)
    counted = {one["values"]: one["counts"] for one in written.value_counts().to_pylist()}
    return {batch_id: counted.get(batch_id, 0) for batch_id in batch_ids}
