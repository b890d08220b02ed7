"""Extractor packages that a test may edit."""

from __future__ import annotations

import shutil
from pathlib import Path


def copy_package(source: Path, folder: Path, *, name: str) -> Path:
    """A copy of a package under another name, with features of its own."""
    copy = folder / name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.rglob("*.py"):
        path.write_text(path.read_text().replace(source.name, name))
    return copy


def edit(path: Path, old: str, new: str) -> None:
    """The file has `new` in place of the one `old`."""
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new))
