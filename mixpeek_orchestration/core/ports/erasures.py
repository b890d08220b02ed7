"""The port to erasures: their records, the contents that objects no longer use, and what the catalog still says of one."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from typing import Protocol

from mixpeek_orchestration.core.erasure import Erasure, Subject


class ErasureCatalog(Protocol):
    """Erasures, and forgetting an object in all of the catalog."""

    def put(self, erasure: Erasure) -> Erasure:
        """Insert or replace by id."""

    def get(self, erasure_id: str) -> Erasure | None: ...
    def latest(self, object_id: str) -> Erasure | None:
        """The newest erasure of an object."""

    def unfinished(self) -> list[Erasure]:
        """Oldest first."""

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[Erasure]:
        """Newest first."""

    def bucket_of(self, object_id: str) -> str | None:
        """The bucket that an object is in, or was in when it was deleted or its erasure was asked for."""

    def released(self, *, object_id: str | None = None, before: float | None = None) -> set[str]:
        """Contents that objects stopped using: one object, or all of them, until a time (seconds since the epoch).

        `ObjectCatalog` remembers them in the transaction in which an object is changed or deleted.
        """

    def forget_released(self, contents: AnyOf[str]) -> None: ...

    def in_use(self, contents: AnyOf[str]) -> set[str]:
        """Those of these contents that a row of the catalog names, the record of released ones aside."""

    def mentions(self, subject: Subject) -> dict[str, int]:
        """By table of the catalog, how many rows name the object or one of its items. The records of erasures, which keep
        ids and nothing else, are not among them."""

    def forget(self, subject: Subject) -> None:
        """No row of the catalog names the object or its items afterwards, in one transaction.

        What is the object's goes: the object, outcomes, failures, uploads, logged queries that name it. What is not
        keeps its place with `erased` instead of the id; messages of errors of its batches go as well, because they may
        quote it.
        """

    def wipe(self) -> str:
        """Rewrite the storage of the catalog, so that what was forgotten is not left in free space of its files; says
        what that covers. Raises `NotReady` while others keep it from finishing."""
