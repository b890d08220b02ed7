"""A warehouse with a bucket that follows a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.syncs.sync import Sync, SyncFile, SyncJob
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).resolve().parents[2] / "packages"


class Killed(BaseException):
    """Stands for `kill -9`: nothing catches it."""


@dataclass
class Followed:
    """A bucket with a place for texts and images, a folder, and what was done."""

    warehouse: Warehouse
    bucket: Bucket
    folder: Path
    steps: list[str] = field(default_factory=list)

    def write(self, path: str, content: str | bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def collection(self, name: str = "words") -> Collection:
        spec = CollectionSpec(
            collection_name=name,
            source={"type": "bucket", "bucket_ids": [self.bucket.bucket_id]},
            feature_extractor={"feature_extractor_name": "word_vectors", "version": "v1"},
        )
        return self.warehouse.collections.create(self.bucket.namespace_id, spec)

    def follow(self, source: str | None = None, **said: Any) -> Sync:
        spec = SyncSpec(source_path=source or str(self.folder), **said)
        return self.warehouse.syncs.create(self.bucket, spec.rules)

    def run(self, sync: Sync, *, killed_at: int | None = None) -> SyncJob:
        """A run; with a number, it is killed at that step."""
        self.steps = []

        def step(line: str) -> None:
            self.steps.append(line)
            if killed_at is not None and len(self.steps) > killed_at:
                raise Killed

        return self.warehouse.syncs.run(sync.sync_id, progress=step)

    def state(self, sync: Sync) -> Sync:
        found = self.warehouse.catalog.syncs.get(sync.sync_id)
        assert found is not None
        return found

    def files(self, sync: Sync) -> dict[str, SyncFile]:
        return {one.path: one for one in self.warehouse.catalog.syncs.files(sync.sync_id)}

    @property
    def objects(self) -> dict[str, str]:
        """Object ids by the path that their metadata names."""
        found = self.warehouse.objects.page(self.bucket, limit=10_000)
        return {str(one.metadata["path"]): one.object_id for one in found}

    @property
    def submitted(self) -> list[Batch]:
        """The batches on their way, oldest first."""
        everything = reversed(self.warehouse.batches.recent(self.bucket, limit=1_000))
        return [batch for batch in everything if batch.status != "DRAFT"]

    def objects_in(self, batch: Batch) -> list[str]:
        return self.warehouse.batches.object_ids(batch)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    settings = Settings(home=tmp_path / "home", extractor_paths=str(PACKAGES))
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    properties = {"body": {"type": "text"}, "picture": {"type": "image"}}
    spec = BucketSpec(bucket_name="docs", bucket_schema={"properties": properties})
    folder = tmp_path / "place"
    folder.mkdir()
    yield Followed(warehouse, warehouse.buckets.create(warehouse.namespace_id("default"), spec), folder)
    warehouse.close()


@pytest.fixture
def typed(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Commands over the home of the bucket."""
    monkeypatch.setenv("MIXPEEK_HOME", str(followed.folder.parent / "home"))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(PACKAGES))
    return CliRunner()
