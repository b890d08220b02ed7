"""A warehouse whose collections form a graph of toy extractors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.warehouse.specs import BatchSpec, BucketSpec, CollectionSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).parent / "packages"
SCHEMA = {
    "properties": {
        "body": {"type": "text"},
        "note": {"type": "text"},
        "title": {"type": "string"},
        "rank": {"type": "integer"},
    }
}


@dataclass
class TierLab:
    """What a test does to a graph: put objects, add collections, take a batch through its tiers, look."""

    warehouse: Warehouse
    packages: Path
    namespace_id: str

    def bucket(self, name: str) -> Bucket:
        spec = BucketSpec(bucket_name=name, bucket_schema=SCHEMA)
        return self.warehouse.buckets.create(self.namespace_id, spec)

    def put(self, bucket: Bucket, key: str, body: str | None, *, note: str = "", **metadata: Any) -> str:
        blobs = [{"property": "body", "data": body}] if body is not None else []
        blobs += [{"property": "note", "data": note}] if note else []
        spec = ObjectSpec(blobs=blobs, metadata=metadata, source_key=key)
        return self.warehouse.objects.put(bucket, spec).object.object_id

    def collection(
        self, name: str, sources: Sequence[Bucket | Collection], mode: str = "same", **changes: Any
    ) -> Collection:
        """A collection of one toy. It carries `title` along, in every tier."""
        of_buckets = isinstance(sources[0], Bucket)
        where: dict[str, Any] = {
            "type": "bucket" if of_buckets else "collection",
            "bucket_ids" if of_buckets else "collection_ids": [source.name for source in sources],
        }
        if "source_filters" in changes:
            where["source_filters"] = {"filters": changes.pop("source_filters")}
        extractor = {
            "feature_extractor_name": "toy",
            "version": "v1",
            "parameters": {"mode": mode},
            "input_mappings": {"text": "body" if of_buckets else "text"},
            "field_passthrough": [{"source_path": "title"}],
            **changes,
        }
        spec = CollectionSpec(collection_name=name, source=where, feature_extractor=extractor)
        return self.warehouse.collections.create(self.namespace_id, spec)

    def submit(self, bucket: Bucket, object_ids: Sequence[str] | None = None, **said: Any) -> Batch:
        spec = BatchSpec(object_ids=object_ids, auto_submit=True, **said)
        return self.warehouse.batches.create(bucket, spec)

    def run(self, batch: Batch) -> dict[str, TierReport]:
        """What one run does: every collection of the batch, by tier. The reports by collection name."""
        names = {c.collection_id: c.name for c in self.warehouse.collections.all(batch.namespace_id)}
        reports = {}
        for collection_id in batch.collection_ids:
            told = self.warehouse.materialize(collection_id, [batch.batch_id], run_id="run")
            reports[names[collection_id]] = told[batch.batch_id].check()
        return reports

    def process(self, bucket: Bucket, object_ids: Sequence[str] | None = None) -> dict[str, TierReport]:
        return self.run(self.submit(bucket, object_ids))

    def delete(self, bucket: Bucket, object_id: str) -> dict[str, TierReport]:
        batch = self.warehouse.objects.delete(bucket, object_id)
        assert batch is not None
        return self.run(batch)

    def batch(self, batch: Batch) -> Batch:
        return self.warehouse.batches.in_namespace(batch.namespace_id, batch.batch_id)

    def rows(self, collection: Collection) -> list[dict[str, Any]]:
        table = self.warehouse.collections.generation(collection).table
        return self.warehouse.documents.read(table).to_pylist()

    def texts(self, collection: Collection) -> list[str]:
        return sorted(row["text"] for row in self.rows(collection))

    def contents(self, collection: Collection) -> list[tuple[Any, ...]]:
        """What the documents say, without what differs between two collections that say the same."""
        kept = (document.ROOT_OBJECT, document.POSITION, "text", "title", "toy_embedding")
        return sorted(tuple(str(row.get(name)) for name in kept) for row in self.rows(collection))

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        path = self.packages / "toy" / file
        path.write_text(change(path.read_text()))
