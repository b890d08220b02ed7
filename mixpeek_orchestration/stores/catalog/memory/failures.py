"""The failure table in memory, read."""

from __future__ import annotations

from collections.abc import Sequence

from mixpeek_orchestration.core.failure import FailureGroup, FailureQuery
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.stores.catalog.memory.ledger import MemoryLedger


class MemoryFailures:
    """The `FailureCatalog` over the ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def page(self, which: FailureQuery, *, limit: int = 100, offset: int = 0) -> list[Failure]:
        """Newest first."""
        return self._found(which)[offset : offset + limit]

    def count(self, which: FailureQuery) -> int:
        """How many failures, of which an item can have several."""
        return len(self._found(which))

    def groups(self, which: FailureQuery, *, by: Sequence[str]) -> list[FailureGroup]:
        """Those with the most items first."""
        found: dict[tuple[str, ...], list[Failure]] = {}
        for failure in self._found(which):
            columns = _columns(failure)
            found.setdefault(tuple(columns[name] for name in by), []).append(failure)
        groups = [_group(dict(zip(by, key, strict=True)), members) for key, members in found.items()]
        return sorted(groups, key=lambda group: (-group.items, tuple(group.key.values())))

    def items(self, which: FailureQuery) -> dict[str, str]:
        """The root object of every item with such a failure."""
        return dict(sorted((f.error.item, f.root_object) for f in self._found(which)))

    def _found(self, which: FailureQuery) -> list[Failure]:
        every = self._ledger.failures(which.collection_id, open_only=which.open_only, limit=2**63)
        wanted = which.equals.items()
        return [f for f in every if wanted <= _columns(f).items()]


def _columns(failure: Failure) -> dict[str, str]:
    return {
        "error_class": failure.error.error_class,
        "step": failure.error.step,
        "kind": failure.error.kind,
        "extractor": failure.versions.get("extractor", ""),
        "item": failure.error.item,
        "batch_id": failure.batch_id,
        "generation_id": failure.generation_id,
    }


def _group(key: dict[str, str], members: Sequence[Failure]) -> FailureGroup:
    times = sorted(failure.created_at for failure in members)
    return FailureGroup(
        key,
        items=len({failure.error.item for failure in members}),
        failures=len(members),
        attempts=max(failure.attempt for failure in members),
        first=times[0],
        last=times[-1],
    )
