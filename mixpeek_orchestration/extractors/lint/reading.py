"""Reads a package folder as lint looks at it: everything that could be part of it, and nothing is run."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.extractors.lint.package import Text, is_read, is_skipped


def read_files(folder: Path) -> dict[str, Text]:
    """The files by path relative to the folder; those that lint only knows by name are empty."""
    root = folder.resolve()
    files = ((file.relative_to(root).as_posix(), file) for file in sorted(root.rglob("*")))
    return {
        name: file.read_bytes() if is_read(name) else ""
        for name, file in files
        if not is_skipped(name) and file.is_file()
    }
