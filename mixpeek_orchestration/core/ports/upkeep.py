"""The port to the upkeep of document tables: indexes, compaction, retention, and what lies in their files.

Nothing here changes a row. The caller is the only writer of the table while it compacts, builds or cleans.
"""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mixpeek_orchestration.core.collection import Distance

IndexKind = Literal["IVF_SQ", "HNSW_SQ", "BTREE", "FTS", "other"]


@dataclass(frozen=True)
class IndexFacts:
    """One index of a table. `tail` is how many rows it does not cover: those are found too, more slowly."""

    name: str
    column: str
    kind: IndexKind
    rows: int
    tail: int
    parts: int = 1


@dataclass(frozen=True)
class TableFacts:
    """The present state of a table; `deleted` rows are still in its files, `small` fragments could be merged."""

    table: str
    rows: int
    deleted: int
    fragments: int
    small: int
    version: int
    versions: int
    bytes: int
    indexes: tuple[IndexFacts, ...] = ()
    tags: tuple[str, ...] = ()

    def index(self, column: str) -> IndexFacts | None:
        """The index of a column."""
        return next((index for index in self.indexes if index.column == column), None)


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up removed: versions, bytes, and the tags that pointed to removed versions."""

    versions: int = 0
    bytes: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileTrace:
    """One file of a table, decoded with deletions ignored.

    `rows` were decoded and `found` of them belong to the object; `mentions` says that its bytes name the object,
    also where they are no rows (a manifest, a transaction). `decoded` is false for files that hold no rows.
    """

    path: str
    kind: Literal["data", "index", "other"]
    decoded: bool
    rows: int
    found: int
    mentions: bool = False

    @property
    def is_clean(self) -> bool:
        return not self.found and not self.mentions


class TableUpkeep(Protocol):
    """Upkeep of tables. A table that is not there has no facts, no files, and is left alone."""

    def tables(self) -> list[str]:
        """The names of all tables that are there, whoever made them."""

    def facts(self, table: str) -> TableFacts | None: ...

    def build(
        self, table: str, name: str, *, column: str, kind: IndexKind, distance: Distance = "cosine"
    ) -> None:
        """Make an index from all rows, in place of the one with that name, if any. Searches use it at once."""

    def extend(self, table: str, names: Sequence[str], *, retrain: bool = False) -> None:
        """Take the rows that these indexes do not cover into them."""

    def drop_index(self, table: str, name: str) -> None: ...

    def compact(self, table: str, *, all_deletions: bool = False) -> None:
        """Merge small fragments and leave deleted rows out of the new files; with `all_deletions`, no file of the
        newest version holds a deleted row afterwards. Works through a bounded number of bytes at a time."""

    def clean(self, table: str, *, keep_versions: int, older_than_s: float) -> Cleaned:
        """Remove versions that are neither among the newest `keep_versions`, nor younger, nor tagged."""

    def purge(self, table: str) -> Cleaned:
        """Remove all versions but the newest, their tags, and every file that it does not need. Only whoever keeps every
        other writer away may do this: it also removes the files of commits that are under way."""

    def traces(self, table: str, root: str, *, mentions: AnyOf[str] = ()) -> list[FileTrace]:
        """Every file of the table, all versions of it, decoded with deletions ignored; `root` is the object looked for
        in the rows, and any of `mentions` is looked for in the bytes."""

    def identifiers(self, table: str, root: str) -> set[str]:
        """The ids of documents and source items that any file of the table has of an object, deleted ones too, and the
        addresses of contents that those rows name: files that extractors made of it."""

    def named(self, table: str, contents: AnyOf[str]) -> set[str]:
        """Those of these addresses of contents that a row of the newest version names in one of its texts."""
