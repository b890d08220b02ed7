"""The table versions that one request reads, so that all of its searches see the same documents."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor, Future

from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.retrieval.deadline import Deadline
from mixpeek_orchestration.retrieval.waiting import result_in_time


class Pins:
    """Versions by table, each asked for once. Used from one thread."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._versions: dict[str, Future[int]] = {}

    def start(self, tables: Iterable[str], pool: Executor) -> None:
        """Ask for the versions of tables that are not pinned yet."""
        for table in set(tables) - set(self._versions):
            self._versions[table] = pool.submit(self._documents.version, table)

    def version(self, table: str, deadline: Deadline) -> int:
        """The pinned version; 0 when the table does not exist."""
        return result_in_time(self._versions[table], deadline, f"Opening the table {table}")
