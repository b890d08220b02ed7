"""The port to the failure table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mixpeek_orchestration.core.failure import FailureGroup, FailureQuery, ItemError


@dataclass(frozen=True)
class Failure:
    """An open or resolved failure of one row, as the failure table keeps it. `run_id` is the run that it happened in,
    `resolved_by` the one that resolved it; `root_object` the source object that the item comes from."""

    failure_id: str
    collection_id: str
    generation_id: str
    batch_id: str
    error: ItemError
    attempt: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)
    created_at: str = ""
    resolved_at: str | None = None
    root_object: str = ""
    run_id: str = ""
    resolved_by: str = ""


class FailureCatalog(Protocol):
    """The failure table, read; the ledger writes it."""

    def page(self, which: FailureQuery, *, limit: int = 100, offset: int = 0) -> list[Failure]:
        """Newest first."""

    def count(self, which: FailureQuery) -> int:
        """How many failures, of which an item can have several."""

    def groups(self, which: FailureQuery, *, by: Sequence[str]) -> list[FailureGroup]:
        """By the named parts of `core.failure.GROUPS`; those with the most items first."""

    def items(self, which: FailureQuery) -> dict[str, str]:
        """The root object of every item with such a failure."""
