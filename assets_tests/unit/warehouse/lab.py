"""A whole warehouse to experiment with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.warehouse.specs import CollectionSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).resolve().parents[2] / "packages"


@dataclass
class Lab:
    """A warehouse with one bucket `texts` and helpers that say what they do."""

    warehouse: Warehouse
    bucket: Bucket
    packages: Path

    @property
    def namespace_id(self) -> str:
        return self.bucket.namespace_id

    def put(self, key: str, text: str, **metadata: Any) -> str:
        spec = ObjectSpec(blobs=[{"property": "body", "data": text}], metadata=metadata, source_key=key)
        return self.warehouse.objects.put(self.bucket, spec).object.object_id

    def collection(self, name: str = "lines", *, source: str | None = None, **changes: Any) -> Collection:
        extractor = {
            "feature_extractor_name": "word_vectors",
            "version": "v1",
            "parameters": {"split_lines": True},
            "field_passthrough": [] if source else [{"source_path": "title"}],
            **changes,
        }
        where = (
            {"type": "collection", "collection_ids": [source]}
            if source
            else {"type": "bucket", "bucket_ids": ["texts"]}
        )
        spec = CollectionSpec(collection_name=name, source=where, feature_extractor=extractor)
        return self.warehouse.collections.create(self.namespace_id, spec)

    def run(self, collection: Collection, batch_ids: Sequence[str] | None = None) -> TierReport:
        reports = self.warehouse.materialize(collection.collection_id, batch_ids, run_id="test")
        return next(iter(reports.values()))

    def rows(self, collection: Collection) -> list[dict[str, Any]]:
        table = self.warehouse.collections.generation(collection).table
        return self.warehouse.documents.read(table).to_pylist()

    def edit_package(self, file: str, change: Callable[[str], str]) -> None:
        path = self.packages / "word_vectors" / file
        path.write_text(change(path.read_text()))
