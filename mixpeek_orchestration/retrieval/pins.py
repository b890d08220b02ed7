"""The table versions that one request reads, so that all of its searches see the same documents."""

from __future__ import annotations

from collections.abc import Mapping

from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.retrieval.once import Once


class Pins:
    """Versions by table, each asked for once. For several threads."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._versions: Once[str, int] = Once()

    def version(self, table: str) -> int:
        """The pinned version; 0 when the table does not exist."""
        return self._versions.get(table, lambda: self._documents.version(table))

    def versions(self) -> Mapping[str, int]:
        """What is pinned so far."""
        return self._versions.known()
