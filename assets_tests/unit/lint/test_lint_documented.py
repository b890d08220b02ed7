"""The documented packages, our own and our built-in ones give no false alarm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mixpeek_orchestration.extractors.lint import lint, lint_files
from mixpeek_orchestration.extractors.templates.scaffold import CATEGORIES, NewPackage, write_package

from .documented_packages import CLEAN, IMAGE_EMBEDDER

ROOT = Path(__file__).parents[3]
FOLDERS = [
    *sorted(manifest.parent for manifest in ROOT.glob("extractor_packages/*/manifest.py")),
    *sorted(manifest.parent for manifest in ROOT.glob("assets_tests/packages/**/manifest.py")),
]


@pytest.mark.parametrize("files", CLEAN.values(), ids=CLEAN.keys())
def test_the_documented_packages_are_clean(files: Mapping[str, str]) -> None:
    """Lint has nothing to say of the packages that the documentation prints."""
    assert [one.line_of_text for one in lint_files(files)] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_packages_of_our_own_have_no_errors(folder: Path) -> None:
    """Built-in extractors and the packages that other tests run are linted like uploaded ones."""
    assert [one.line_of_text for one in lint(folder) if one.severity == "error"] == []


def test_the_documented_image_embedder_has_the_faults_that_it_has() -> None:
    """As printed it uses `io` without importing it, which fails on its first row, and calls the model per row."""
    found = [(one.rule, one.message) for one in lint_files(IMAGE_EMBEDDER)]
    assert found == [
        ("NAM001", "io is not defined."),
        ("SEQ001", "self._model.get_image_features is called for each row (the loop in line 21)."),
    ]


@pytest.mark.parametrize("category", CATEGORIES)
def test_new_packages_are_clean(category: str, tmp_path: Path) -> None:
    """What `mixpeek plugin init` writes passes lint without a word."""
    write_package(NewPackage("new_package", category), tmp_path)
    assert [one.line_of_text for one in lint(tmp_path / "new_package")] == []
