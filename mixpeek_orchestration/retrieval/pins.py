"""The table versions that one request reads, so that all of its searches see the same documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mixpeek_orchestration.core.errors import NotFound, NotReady
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


@contextmanager
def reading(table: str) -> Iterator[None]:
    """Inside, a version that was pinned by this request and is removed before it is read becomes an error that asks to
    try again: an erasure leaves no old version to anyone."""
    try:
        yield
    except NotFound as error:
        if error.field != "version":
            raise
        raise NotReady(
            f"Table {table} was rewritten while it was read.",
            fix="Ask again.",
            table=table,
            retry_after_s=0.1,
        ) from error
