"""A collection of directions, searched by a retriever, on its way from one compass to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assets_tests.unit.migration.compasses import OPPOSITE, WORDS
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.warehouse.specs import BatchSpec, CollectionSpec, ExtractorSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

URI = "mixpeek://compass@v1/compass_v1_embedding"


def second(**parameters: Any) -> ExtractorSpec:
    """The second version of the compass."""
    return ExtractorSpec(feature_extractor_name="compass", version="v2", parameters=parameters)


@dataclass
class Field:
    """A warehouse with the bucket `signs`, the collection `directions` and the retriever `find`."""

    warehouse: Warehouse
    bucket: Bucket

    @property
    def namespace_id(self) -> str:
        return self.bucket.namespace_id

    @property
    def collection(self) -> Collection:
        """As the catalog has it now."""
        return self.warehouse.collections.get(self.namespace_id, "directions")

    def put(self, key: str, text: str) -> str:
        spec = ObjectSpec(blobs=[{"property": "body", "data": text}], source_key=key)
        return self.warehouse.objects.put(self.bucket, spec).object.object_id

    def make(self, name: str = "directions", *, source: str | None = None, **extractor: Any) -> Collection:
        reads = (
            {"type": "collection", "collection_ids": [source]}
            if source
            else {"type": "bucket", "bucket_ids": ["signs"]}
        )
        chosen = {"feature_extractor_name": "compass", "version": "v1", **extractor}
        spec = CollectionSpec(collection_name=name, source=reads, feature_extractor=chosen)
        return self.warehouse.collections.create(self.namespace_id, spec)

    def make_retriever(self, name: str = "find", uri: str = URI) -> None:
        search = {
            "feature_uri": uri,
            "query": {"input_mode": "text", "value": "{{INPUT.query}}"},
            "top_k": 4,
        }
        body = {
            "retriever_name": name,
            "collection_identifiers": ["directions"],
            "input_schema": {"query": {"type": "text", "required": True}},
            "stages": [
                {
                    "stage_name": "search",
                    "stage_type": "filter",
                    "config": {
                        "stage_id": "feature_search",
                        "parameters": {"searches": [search], "final_top_k": 4},
                    },
                }
            ],
        }
        self.warehouse.retrievers.create(self.namespace_id, RetrieverSpec.parse(body))

    def ingest(self, *texts: str, collections: Sequence[str] | None = None) -> str:
        """Objects named by their text, in a submitted batch that is run through the collections."""
        ids = [self.put(text, text) for text in texts]
        batch = self.warehouse.batches.create(
            self.bucket, BatchSpec(object_ids=ids, collection_ids=collections, auto_submit=True)
        )
        self.run(batch.batch_id)
        return batch.batch_id

    def run(self, batch_id: str) -> None:
        """What a run of the batch does: every tier, one after the other."""
        batch = self.warehouse.catalog.batches.get(batch_id)
        assert batch is not None
        for collection_id in batch.collection_ids:
            self.warehouse.materialize(collection_id, [batch_id], run_id="test")

    def run_pending(self) -> int:
        """Run every batch that waits; returns how many there were."""
        pending = self.warehouse.catalog.batches.recent(statuses={"PENDING"})
        for batch in reversed(pending):
            self.run(batch.batch_id)
        return len(pending)

    def migrate(self, spec: ExtractorSpec | None = None, **options: Any) -> Migration:
        """Start, and fill until nothing is left to do."""
        migration = self.warehouse.migrations.start(self.collection, spec or second(), **options)
        self.run_pending()
        return migration

    def search(self, query: str, retriever: str = "find") -> list[dict[str, Any]]:
        answer = self.warehouse.search("default", retriever, {"query": query})
        assert answer["status"] == "completed", answer["degraded"]
        return list(answer["documents"])

    def model(self, query: str = "north", retriever: str = "find") -> str:
        """The one model that answered; fails where documents and query are of two."""
        return model_of(query, self.search(query, retriever))


def model_of(query: str, documents: Sequence[dict[str, Any]]) -> str:
    """The model that made every document of an answer and encoded its query."""
    models = {document["model"] for document in documents}
    assert len(models) == 1, f"documents of {sorted(models)}"
    model = models.pop()
    wanted = {"v1": query, "v2": OPPOSITE[query]}[model]
    best = documents[0]
    assert best["text"].split()[0] == wanted, f"{model} found {best['text']!r} for {query!r}"
    return str(model)


def fill(field: Field, copies: int = 1) -> None:
    """All four directions, each a few times."""
    field.ingest(*[f"{word} {number}" if number else word for word in WORDS for number in range(copies)])
