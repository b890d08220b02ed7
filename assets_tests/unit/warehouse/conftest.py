"""A whole warehouse in a temporary home: real SQLite, Lance and folders, work in process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets_tests.unit.warehouse.lab import PACKAGES, Lab
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    packages = tmp_path / "packages"
    shutil.copytree(PACKAGES, packages)
    settings = Settings(home=tmp_path / "home", extractor_paths=str(packages))
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    spec = BucketSpec(
        bucket_name="texts",
        bucket_schema={
            "properties": {
                "body": {"type": "text"},
                "title": {"type": "string"},
                "rank": {"type": "integer"},
            }
        },
    )
    bucket = warehouse.buckets.create(warehouse.namespace_id("default"), spec)
    yield Lab(warehouse, bucket, packages)
    warehouse.close()
