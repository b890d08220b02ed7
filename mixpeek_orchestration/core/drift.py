"""Drift: what was changed in a table behind our back, found by comparing what is there with what we left.

We leave two things: a stamp in every commit, and a mark in the catalog (the state that was last known to be ours).
What is there are the table's versions, its rows, files and indexes. Everything here is decided on these values alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal[
    "generation_gone",
    "table_gone",
    "history_replaced",
    "foreign_commit",
    "rows_differ",
    "file_gone",
    "index_differs",
]

_HARMLESS: Final = frozenset({"CreateIndex", "Rewrite", "BaseOperation", "UpdateConfig", "Forgotten"})
"""What may happen to a table without changing a row: indexes, compaction, the reservation before one (which comes as
the base class), settings; and commits that a clean-up left nothing of."""
_PREPARES: Final = "Merge"
"""Our columns are added in a commit of their own, which carries no stamp; the stamped one follows at once."""


@dataclass(frozen=True)
class Mark:
    """A table as it was when all of it was known to be ours. `commit_id` tells the version from another one of the
    same number; a version of 0 means that there was no table yet."""

    generation_id: str
    collection_id: str
    table: str
    version: int
    rows: int
    commit_id: str = ""
    indexes: Mapping[str, str] = field(default_factory=dict)
    marked_at: str = ""


@dataclass(frozen=True)
class Commit:
    """One version of a table, by what made it."""

    version: int
    commit_id: str
    operation: str
    is_ours: bool


@dataclass(frozen=True)
class Observed:
    """A table as it is. `commits` are the versions that survive, oldest first; `broken` the fragments of the newest one
    whose files are gone; `rows` counts the newest version."""

    version: int = 0
    rows: int = 0
    commits: tuple[Commit, ...] = ()
    broken: tuple[int, ...] = ()
    indexes: Mapping[str, str] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        return self.version > 0

    def at(self, version: int) -> Commit | None:
        return next((commit for commit in self.commits if commit.version == version), None)


@dataclass(frozen=True)
class Difference:
    """One thing that is not as we left it, in a sentence that quotes no content."""

    kind: Kind
    said: str
    version: int = 0


@dataclass(frozen=True)
class Cure:
    """How a table is made ours again: `restore` its `version`, `prune` the broken fragments, `drop` it, `accept` it as
    it is, or `refill` one that is gone. Whatever is missing afterwards is planned again."""

    action: Literal["none", "restore", "prune", "drop", "accept", "refill"]
    version: int = 0


def differences(mark: Mark | None, seen: Observed) -> tuple[Difference, ...]:
    """What differs from the mark; without one, from a table that only we wrote. Empty when nothing does."""
    if not seen.exists:
        return _gone(mark)
    found = [*_history(mark, seen), *_foreign(mark, seen), *_rows(mark, seen), *_files(seen)]
    return (*found, *_indexes(mark, seen))


def cure(mark: Mark | None, seen: Observed) -> Cure:
    """The smallest change after which every row of the table is ours again."""
    found = {difference.kind for difference in differences(mark, seen)}
    if not found:
        return Cure("none")
    if not seen.exists:
        return Cure("refill")
    if found & {"foreign_commit", "rows_differ"}:
        good = _last_good(mark, seen)
        return Cure("restore", good) if good else Cure("drop")
    return Cure("prune") if "file_gone" in found else Cure("accept")


def is_replaced(mark: Mark | None, seen: Observed) -> bool:
    """Whether the marked version is not in the table's history, though a clean-up cannot have removed it."""
    if mark is None or mark.version == 0 or not seen.exists:
        return False
    if seen.version < mark.version:
        return True
    then = seen.at(mark.version)
    return then is not None and bool(mark.commit_id) and then.commit_id != mark.commit_id


def is_ours(commits: Sequence[Commit], place: int) -> bool:
    """Whether a commit was made by us, or changed no row."""
    commit = commits[place]
    if commit.is_ours or commit.operation in _HARMLESS:
        return True
    follows = commits[place + 1] if place + 1 < len(commits) else None
    return commit.operation == _PREPARES and follows is not None and follows.is_ours


def _gone(mark: Mark | None) -> tuple[Difference, ...]:
    if mark is None or mark.version == 0:
        return ()
    said = f"The table is gone; we left it at version {mark.version} with {mark.rows} documents."
    return (Difference("table_gone", said, mark.version),)


def _history(mark: Mark | None, seen: Observed) -> list[Difference]:
    if mark is None or not is_replaced(mark, seen):
        return []
    if seen.version < mark.version:
        said = f"The table is at version {seen.version}, and we left it at {mark.version}: an older state was put back."
    else:
        said = f"Version {mark.version} is not the one that we made: the table was replaced."
    return [Difference("history_replaced", said, seen.version)]


def _foreign(mark: Mark | None, seen: Observed) -> list[Difference]:
    return [
        Difference(
            "foreign_commit",
            f"Version {seen.commits[place].version} ({seen.commits[place].operation}) was not made by us.",
            seen.commits[place].version,
        )
        for place in _strange(mark, seen)
    ]


def _strange(mark: Mark | None, seen: Observed) -> list[int]:
    """The places of the commits since the mark that are a stranger's; all are looked at when history was replaced."""
    since = 0 if mark is None or is_replaced(mark, seen) else mark.version
    return [
        place
        for place, commit in enumerate(seen.commits)
        if commit.version > since and not is_ours(seen.commits, place)
    ]


def _rows(mark: Mark | None, seen: Observed) -> list[Difference]:
    """Rows can be compared as long as no commit of ours has followed the mark."""
    if mark is None or mark.version == 0 or is_replaced(mark, seen) or mark.rows == seen.rows:
        return []
    if any(commit.is_ours and commit.version > mark.version for commit in seen.commits):
        return []
    said = f"The table has {seen.rows} documents, and we left it with {mark.rows}."
    return [Difference("rows_differ", said, seen.version)]


def _files(seen: Observed) -> list[Difference]:
    if not seen.broken:
        return []
    count = len(seen.broken)
    said = (
        f"Files of {count} fragment{'s' if count > 1 else ''} are gone; the documents in them cannot be read."
    )
    return [Difference("file_gone", said, seen.version)]


def _indexes(mark: Mark | None, seen: Observed) -> list[Difference]:
    """An index that was dropped, or made by someone else; those that follow the mark by our own hand are marked."""
    if mark is None or is_replaced(mark, seen) or dict(mark.indexes) == dict(seen.indexes):
        return []
    names = sorted(
        name for name in {*mark.indexes, *seen.indexes} if mark.indexes.get(name) != seen.indexes.get(name)
    )
    told = ", ".join(f"{name} {'is gone' if name not in seen.indexes else 'is not ours'}" for name in names)
    return [Difference("index_differs", f"The indexes differ: {told}.", seen.version)]


def _last_good(mark: Mark | None, seen: Observed) -> int:
    """The newest version before the first stranger's commit; 0 when none survives."""
    strange = _strange(mark, seen)
    if not strange:
        return 0
    first = seen.commits[strange[0]].version
    before = [place for place, commit in enumerate(seen.commits) if commit.version < first]
    # The commit right before a stranger's may be columns of ours that were never filled.
    return seen.commits[before[-1]].version if before else 0
