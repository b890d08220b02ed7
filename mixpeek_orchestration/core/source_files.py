"""The source files of packages, and what differs between two of them."""

from __future__ import annotations

import difflib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class FileDifference:
    """One file that differs. `diff` is a unified diff; it is empty for files that are not text."""

    path: str
    change: Change
    diff: str

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON shows it."""
        return {"path": self.path, "change": self.change, "diff": self.diff}


def files_in(archive: bytes) -> dict[str, bytes]:
    """The files of a published archive, by path. Such an archive was checked when it was published."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist() if not entry.is_dir()}


def differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[FileDifference]:
    """The files that are not equal, by path."""
    paths = sorted(before.keys() | after.keys())
    return [
        _difference(path, before.get(path), after.get(path))
        for path in paths
        if before.get(path) != after.get(path)
    ]


def _difference(path: str, before: bytes | None, after: bytes | None) -> FileDifference:
    change: Change = "added" if before is None else "removed" if after is None else "changed"
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        return FileDifference(path, change, "")
    names = (
        "/dev/null" if before is None else f"a/{path}",
        "/dev/null" if after is None else f"b/{path}",
    )
    return FileDifference(path, change, "\n".join(difflib.unified_diff(old, new, *names, lineterm="")))


def _lines(content: bytes | None) -> list[str] | None:
    """The lines of a text, none of a file that is not there; `None` for what is not text."""
    try:
        return (content or b"").decode().splitlines()
    except UnicodeDecodeError:
        return None
