"""A collection of a package that is made of everything a package can be made of, and one that reads it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).parent / "packages"
SCHEMA = {"properties": {"body": {"type": "text"}, "title": {"type": "string"}, "rank": {"type": "integer"}}}


@dataclass
class StalenessLab:
    """One bucket, and what a test does to packages and objects."""

    warehouse: Warehouse
    packages: Path
    bucket: Bucket

    def put(self, text: str = "some text", key: str = "a", **metadata: Any) -> None:
        spec = ObjectSpec(blobs=[{"property": "body", "data": text}], metadata=metadata, source_key=key)
        self.warehouse.objects.put(self.bucket, spec)

    def spec(self, name: str, source: str | None = None, **changes: Any) -> CollectionSpec:
        where = {"type": "collection", "collection_id": source} if source else None
        extractor = {
            "feature_extractor_name": "prompted",
            "version": "v1",
            "input_mappings": {"text": "text" if source else "body"},
            **changes,
        }
        bucket = {"type": "bucket", "bucket_ids": [self.bucket.name]}
        return CollectionSpec(collection_name=name, source=where or bucket, feature_extractor=extractor)

    def collection(self, name: str, source: str | None = None, **changes: Any) -> Collection:
        return self.warehouse.collections.create(self.bucket.namespace_id, self.spec(name, source, **changes))

    def run(self, collection: Collection) -> TierReport:
        return self.warehouse.materialize(collection.collection_id, None, run_id="run")[""].check()

    def plan(self, collection: Collection) -> Planned:
        return self.warehouse.plan(collection.collection_id)

    def rows(self, collection: Collection) -> list[dict[str, Any]]:
        table = self.warehouse.collections.generation(collection).table
        return self.warehouse.documents.read(table).to_pylist()

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        path = self.packages / "prompted" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(change(path.read_text() if path.exists() else ""))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, Path]]:
    """One warehouse for all tests of a module; each has a namespace and a fresh package of its own."""
    folder = tmp_path_factory.mktemp("staleness")
    packages = folder / "packages"
    packages.mkdir()
    settings = Settings(home=folder / "home", extractor_paths=str(packages))
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    yield warehouse, packages
    warehouse.close()


def restore(packages: Path) -> None:
    """The packages as they are written, with their times: what was not edited is not read again."""
    shutil.rmtree(packages)
    shutil.copytree(PACKAGES, packages)


@pytest.fixture
def lab(opened: tuple[Warehouse, Path]) -> StalenessLab:
    return new_lab(*opened)


def new_lab(warehouse: Warehouse, packages: Path) -> StalenessLab:
    """A namespace with a bucket, and unedited packages."""
    restore(packages)
    namespace_id = warehouse.ensure_namespace(random_id("stale"))
    bucket = warehouse.buckets.create(namespace_id, BucketSpec(bucket_name="texts", bucket_schema=SCHEMA))
    return StalenessLab(warehouse, packages, bucket)
