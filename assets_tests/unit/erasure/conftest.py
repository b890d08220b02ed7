"""A warehouse of real parts for each test: an erasure empties what others would share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fsspec
import lance
import pytest
from fsspec import AbstractFileSystem

from assets_tests.unit.tiers.lab import PACKAGES, TierLab
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.stores.documents.access import storage_options


@dataclass(frozen=True)
class Place:
    """Where a warehouse keeps everything: a home, and a prefix on S3 for documents and contents, or none."""

    home: Path
    prefix: str = ""

    @property
    def documents(self) -> str:
        return Settings(home=self.home).documents

    def dataset(self, table: str) -> lance.LanceDataset:
        """A table, opened as a stranger would."""
        options = storage_options(self.documents, os.environ)
        return lance.dataset(f"{self.documents}/{table}.lance", storage_options=options)

    def files(self, table: str) -> tuple[AbstractFileSystem, str]:
        """Where the files of a table lie, and the filesystem of that."""
        filesystem, path = fsspec.url_to_fs(f"{self.documents}/{table}.lance")
        filesystem.invalidate_cache()
        return filesystem, path

    def move(self, table: str, to: str) -> None:
        """A table under another name: nobody knows it there."""
        filesystem, path = self.files(table)
        _, target = self.files(to)
        for file in filesystem.find(path):
            moved = file.replace(path, target)
            filesystem.makedirs(os.path.dirname(moved), exist_ok=True)
            filesystem.cp_file(file, moved)
        filesystem.rm(path, recursive=True)
        filesystem.invalidate_cache()

    def holding(self, word: str) -> list[str]:
        """All files, on S3 too, that hold a word as it is."""
        local = (path for path in sorted(self.home.rglob("*")) if path.is_file())
        found = [str(path.relative_to(self.home)) for path in local if word.encode() in path.read_bytes()]
        if self.prefix:
            s3, root = fsspec.url_to_fs(self.prefix)
            s3.invalidate_cache()
            found += [path for path in s3.find(root) if word.encode() in s3.cat_file(path)]
        return found


everywhere = pytest.mark.parametrize(
    "place", ["folder", pytest.param("s3", marks=pytest.mark.slow)], indirect=True
)
"""For what depends on the store: in a folder, and on S3."""


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Everything in one folder; or documents and contents on S3, also for processes that a test starts."""
    home = tmp_path / "home"
    if getattr(request, "param", "folder") == "folder":
        return Place(home)
    request.getfixturevalue("s3_environment")
    prefix = f"s3://warehouse/{tmp_path.name}"
    monkeypatch.setenv("MIXPEEK_DOCUMENTS_URL", f"{prefix}/documents")
    monkeypatch.setenv("MIXPEEK_OBJECTS_URL", f"{prefix}/objects")
    return Place(home, prefix)


@pytest.fixture
def home(place: Place) -> Path:
    return place.home


@pytest.fixture
def lab(home: Path, tmp_path: Path) -> Iterator[TierLab]:
    packages = tmp_path / "packages"
    shutil.copytree(PACKAGES, packages)
    settings = Settings(home=home, extractor_paths=str(packages))
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    yield TierLab(warehouse, packages, warehouse.ensure_namespace("default"))
    warehouse.close()
