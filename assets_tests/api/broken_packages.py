"""Copies of a good package, each with one mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

GOOD = Path(__file__).parents[1] / "packages" / "word_vectors"
_VECTORS = '[vector_of(text) for text in batch["text"]]'

MISTAKES = {
    "wrong_key": ("manifest.py", '"feature_name"', '"name"'),
    "wrong_dimension": ("processors/core.py", _VECTORS, "[[1.0, 2.0]] * len(batch)"),
    "missing_column": ("processors/core.py", f'batch["word_vectors_embedding"] = {_VECTORS}', "pass"),
    "nan_vector": ("processors/core.py", _VECTORS, '[[float("nan")] * 8] * len(batch)'),
    "zero_vector": ("processors/core.py", _VECTORS, "[[0.0] * 8] * len(batch)"),
}
"""By the name of the copy: the file, what it says, and what it says instead."""


def break_packages(folder: Path) -> None:
    """Write every copy into `folder`."""
    for name, (file, right, wrong) in MISTAKES.items():
        copy = folder / name
        shutil.copytree(GOOD, copy, ignore=shutil.ignore_patterns("__pycache__"))
        _replace(copy / "manifest.py", '"word_vectors"', f'"{name}"')
        _replace(copy / file, right, wrong)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file} does not say {old}"
    file.write_text(text.replace(old, new))
