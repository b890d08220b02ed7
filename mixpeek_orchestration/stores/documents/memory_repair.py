"""The repair of tables in memory, where nobody but us can write."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import MutableMapping

from mixpeek_orchestration.core.drift import Commit, Observed
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.stores.documents.memory_upkeep import History


class MemoryRepair:
    """Implements `TableRepair` over the versions of a store in memory."""

    def __init__(self, versions: MutableMapping[str, History]) -> None:
        self._versions = versions

    def observe(self, table: str, *, since: int = 0) -> Observed:
        """The table as it is, all of its commits ours."""
        history = self._versions.get(table, [])
        commits = [
            Commit(version, f"{table}:{version}", "Update", is_ours=True)
            for version, kept in enumerate(history, start=1)
            if kept is not None
        ]
        newest = history[-1] if history else None
        return Observed(
            version=len(history),
            rows=newest[0].num_rows if newest else 0,
            commits=tuple(commit for commit in commits if commit.version >= since),
        )

    def restore(self, table: str, version: int, *, stamp: Stamp) -> None:
        """A new version with the content of an older one."""
        history = self._versions.get(table, [])
        kept = history[version - 1] if 1 <= version <= len(history) else None
        if kept is None:
            raise NotFound(f"Table {table} has no version {version}.", field="version", value=version)
        self._versions[table] = [*history, (kept[0], stamp)]

    def prune(self, table: str, fragments: AnyOf[int], *, stamp: Stamp) -> None:
        """Nothing lies in files here, so that none can be gone."""
