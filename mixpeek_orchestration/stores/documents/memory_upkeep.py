"""Upkeep of tables in memory. A version of a table is its file: a row is there until its last version is cleaned away.

Rows that were deleted since the last compaction outlive a clean-up, as they do in the files of Lance.
"""

from __future__ import annotations

import re
from collections.abc import Collection as AnyOf
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mixpeek_orchestration.core.collection import Distance
from mixpeek_orchestration.core.document import DOCUMENT_ID, LINEAGE, ROOT_OBJECT, SOURCE_ITEM
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.core.ports.upkeep import Cleaned, FileTrace, IndexFacts, IndexKind, TableFacts

_CONTENT = re.compile(r"[0-9a-f]{64}")
History = list[tuple[pa.Table, Stamp] | None]
"""The versions of a table, the first at 0; `None` for one that was cleaned away."""


@dataclass
class _Kept:
    """What upkeep knows of one table."""

    indexes: dict[str, tuple[str, IndexKind, set[tuple[Any, ...]]]] = field(default_factory=dict)
    compacted: int = 0
    residue: list[pa.Table] = field(default_factory=list)


class MemoryUpkeep:
    """Implements `TableUpkeep` on the versions that a store in memory keeps."""

    def __init__(self, versions: MutableMapping[str, History]) -> None:
        self._versions = versions
        self._kept: dict[str, _Kept] = {}

    def tables(self) -> list[str]:
        """The names of all tables that are there."""
        return sorted(self._versions)

    def facts(self, table: str) -> TableFacts | None:
        """The present state of a table."""
        history = self._versions.get(table)
        if not history:
            return None
        rows, kept = _newest(history), self._of(table)
        left = [entry for entry in history if entry is not None]
        deleted = len(_gone(history, rows, since=kept.compacted)) + sum(t.num_rows for t in kept.residue)
        fragments = max(1, len(history) - kept.compacted)
        return TableFacts(
            table=table,
            rows=rows.num_rows,
            deleted=deleted,
            fragments=fragments,
            small=fragments,
            version=len(history),
            versions=len(left),
            bytes=sum(entry[0].nbytes for entry in left),
            indexes=tuple(_index_facts(name, *known, rows) for name, known in sorted(kept.indexes.items())),
        )

    def build(
        self, table: str, name: str, *, column: str, kind: IndexKind, distance: Distance = "cosine"
    ) -> None:
        """Cover all rows."""
        if self._versions.get(table):
            self._of(table).indexes[name] = (column, kind, _keys(_newest(self._versions[table])))

    def extend(self, table: str, names: Sequence[str], *, retrain: bool = False) -> None:
        """Cover all rows."""
        for name in names:
            column, kind, _ = self._of(table).indexes[name]
            self.build(table, name, column=column, kind=kind)

    def drop_index(self, table: str, name: str) -> None:
        self._of(table).indexes.pop(name, None)

    def compact(self, table: str, *, all_deletions: bool = False) -> None:
        """From here on the newest version holds no deleted row."""
        if self._versions.get(table):
            kept = self._of(table)
            kept.compacted, kept.residue = len(self._versions[table]), []

    def clean(self, table: str, *, keep_versions: int, older_than_s: float) -> Cleaned:
        """Forget versions; how young they are is not known here, so only `older_than_s=0` removes any."""
        return Cleaned() if older_than_s > 0 else self._clean(table, max(1, keep_versions))

    def purge(self, table: str) -> Cleaned:
        """Forget all versions but the newest."""
        return self._clean(table, 1)

    def _clean(self, table: str, keep_versions: int) -> Cleaned:
        history = self._versions.get(table)
        if not history:
            return Cleaned()
        kept = self._of(table)
        if kept.compacted < len(history):
            kept.residue += _gone(history, _newest(history), since=kept.compacted)
        old = range(max(0, len(history) - keep_versions))
        gone = [number for number in old if history[number] is not None]
        for number in gone:
            history[number] = None
        return Cleaned(versions=len(gone))

    def traces(self, table: str, root: str, *, mentions: AnyOf[str] = ()) -> list[FileTrace]:
        """Every version, and what deleted rows outlive theirs."""
        return [
            FileTrace(path, "data", True, rows.num_rows, _of_root(rows, root).num_rows)
            for path, rows in self._files(table)
        ]

    def identifiers(self, table: str, root: str) -> set[str]:
        """The ids that any version has of an object."""
        own = [_of_root(rows, root) for _, rows in self._files(table)]
        keys = [rows[name] for rows in own for name in (DOCUMENT_ID, SOURCE_ITEM)]
        ids = {value for column in keys for value in column.to_pylist()}
        return ids.union(*map(_contents_in, own))

    def named(self, table: str, contents: AnyOf[str]) -> set[str]:
        """Those of these addresses that a row of the newest version names."""
        history = self._versions.get(table)
        return _contents_in(_newest(history)).intersection(contents) if history else set()

    def forget(self, table: str) -> None:
        """The table was dropped."""
        self._kept.pop(table, None)

    def _files(self, table: str) -> list[tuple[str, pa.Table]]:
        history = self._versions.get(table, [])
        versions = [(f"versions/{n}", entry[0]) for n, entry in enumerate(history, 1) if entry is not None]
        return versions + [(f"deleted/{n}", rows) for n, rows in enumerate(self._of(table).residue)]

    def _of(self, table: str) -> _Kept:
        return self._kept.setdefault(table, _Kept())


def _newest(history: History) -> pa.Table:
    newest = history[-1]
    assert newest is not None, "the newest version is never cleaned away"
    return newest[0]


def _keys(rows: pa.Table) -> set[tuple[Any, ...]]:
    """What tells a row from the one that replaces it."""
    return set(zip(*(rows[name].to_pylist() for name in LINEAGE), strict=True))


def _index_facts(
    name: str, column: str, kind: IndexKind, covered: set[tuple[Any, ...]], rows: pa.Table
) -> IndexFacts:
    present = _keys(rows)
    return IndexFacts(name, column, kind, len(present & covered), len(present - covered))


def _gone(history: History, rows: pa.Table, *, since: int) -> list[pa.Table]:
    """The rows of versions after a compaction that the newest one no longer has, one table each."""
    live = set(rows[DOCUMENT_ID].to_pylist())
    seen: set[str] = set()
    gone = []
    for entry in history[max(0, since - 1) :]:
        for index, key in enumerate(entry[0][DOCUMENT_ID].to_pylist() if entry else ()):
            if entry is not None and key not in live and key not in seen:
                seen.add(key)
                gone.append(entry[0].slice(index, 1))
    return gone


def _contents_in(rows: pa.Table) -> set[str]:
    texts = [rows[field.name] for field in rows.schema if pa.types.is_string(field.type)]
    return {
        content for text in texts for value in text.to_pylist() for content in _CONTENT.findall(value or "")
    }


def _of_root(rows: pa.Table, root: str) -> pa.Table:
    return rows.filter(pc.equal(rows[ROOT_OBJECT], root))
