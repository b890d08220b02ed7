"""A warehouse in a temporary home, with both compasses: real SQLite, Lance and folders, work in process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets_tests.unit.migration.compasses import write_compasses
from assets_tests.unit.migration.field import Field, fill
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with packages and a home; making it once is enough, each test works on a copy."""
    root = tmp_path_factory.mktemp("compasses")
    write_compasses(root / "packages")
    settings = _settings(root)
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    spec = BucketSpec(bucket_name="signs", bucket_schema={"properties": {"body": {"type": "text"}}})
    made = Field(warehouse, warehouse.buckets.create(warehouse.namespace_id("default"), spec))
    made.make()
    made.make_retriever()
    fill(made)
    warehouse.close()
    return root


@pytest.fixture
def field(filled_home: Path, tmp_path: Path) -> Iterator[Field]:
    """Four directions in a filled collection, with its retriever."""
    shutil.copytree(filled_home, tmp_path / "field")
    warehouse = open_warehouse(_settings(tmp_path / "field"), local=True)
    yield Field(warehouse, warehouse.buckets.get(warehouse.namespace_id("default"), "signs"))
    warehouse.close()


def _settings(root: Path) -> Settings:
    return Settings(home=root / "home", extractor_paths=str(root / "packages"))
