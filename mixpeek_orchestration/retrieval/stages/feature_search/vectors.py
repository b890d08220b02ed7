"""Vectors of documents, read only when a caller asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mixpeek_orchestration.core.document import DOCUMENT_ID
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.retrieval.pins import Pins
from mixpeek_orchestration.retrieval.scope import Target


def with_vectors(
    documents: Sequence[dict[str, Any]],
    targets: Sequence[Target],
    store: DocumentStore,
    pins: Pins,
) -> list[dict[str, Any]]:
    """The documents with their vector columns, read at the pinned versions."""
    vectors: dict[str, dict[str, Any]] = {}
    for target in {target.generation.table: target for target in targets}.values():
        table = target.generation.table
        ids = [d[DOCUMENT_ID] for d, t in zip(documents, targets, strict=True) if t.generation.table == table]
        columns = [DOCUMENT_ID, *(index.column for index in target.generation.vectors)]
        quoted = ", ".join("'" + str(i).replace("'", "''") + "'" for i in ids)
        rows = store.read(
            table, columns=columns, where=f"{DOCUMENT_ID} IN ({quoted})", version=pins.version(table)
        )
        vectors |= {row[DOCUMENT_ID]: row for row in rows.to_pylist()}
    return [{**vectors.get(document[DOCUMENT_ID], {}), **document} for document in documents]
