"""A warehouse of three tiers with prices that can be counted by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assets_tests.unit.warehouse.lab import PACKAGES, Lab
from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore
from mixpeek_orchestration.warehouse.specs import BatchSpec, BucketSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

ITEM_USD = 0.01


@dataclass
class House(Lab):
    """Texts of two lines → `lines` → `words` → `again`: 1, 2 and 2 items a text, at a cent an item."""

    lines: Collection
    words: Collection
    again: Collection

    def batch(self, object_ids: list[str], **metadata: object) -> Batch:
        """A draft of these objects through all tiers."""
        return self.warehouse.batches.create(self.bucket, BatchSpec(object_ids=object_ids, metadata=metadata))

    def run_batch(self, batch: Batch) -> Batch:
        """The batch after a run through its tiers, as Dagster does it."""
        for collection_id in batch.collection_ids:
            self.warehouse.materialize(collection_id, [batch.batch_id], run_id=f"run-{batch.batch_id}")
        found = self.warehouse.catalog.batches.get(batch.batch_id)
        assert found is not None
        return found

    def run_all(self) -> None:
        for collection in (self.lines, self.words, self.again):
            self.run(collection)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """CPU and GPU cost nothing and an item a cent, so that what runs cost does not depend on the machine."""
    packages = tmp_path / "packages"
    shutil.copytree(PACKAGES, packages)
    settings = Settings(
        home=tmp_path / "home",
        extractor_paths=str(packages),
        price_cpu_hour=0,
        price_gpu_hour=0,
        price_items={"word_vectors": ITEM_USD},
    )
    opened = open_warehouse(settings, local=True, catalog=MemoryCatalog())
    warehouse = Warehouse(replace(opened.parts, documents=MemoryDocumentStore()))
    schema = {"properties": {"body": {"type": "text"}, "title": {"type": "string"}}}
    spec = BucketSpec(bucket_name="texts", bucket_schema=schema)
    bucket = warehouse.buckets.create(warehouse.ensure_namespace("default"), spec)
    lab = Lab(warehouse, bucket, packages)
    lines = lab.collection("lines")
    words = lab.collection("words", source="lines", parameters={})
    again = lab.collection("again", source="words", parameters={})
    yield House(warehouse, bucket, packages, lines, words, again)
    warehouse.close()
