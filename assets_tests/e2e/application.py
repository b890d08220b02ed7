"""What an application does over HTTP: buckets, objects, collections, batches, searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from assets_tests.e2e.running_stack import wait_until

ENDED = ("COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED")
OBJECTS_AT_ONCE = 100


def done(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer that is no error."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"
    body: dict[str, Any] = answer.json()
    return body


def text_blob(text: str) -> dict[str, Any]:
    """The body of an object that is one text."""
    return {"blobs": [{"property": "text", "type": "text", "data": text}]}


@dataclass(frozen=True)
class Application:
    """One client of a running stack."""

    http: httpx.Client

    def bucket(self, name: str, texts: Sequence[str] = ()) -> str:
        """A bucket with a text property and an object per text."""
        schema = {"properties": {"text": {"type": "text"}}}
        bucket = done(self.http.post("/buckets", json={"bucket_name": name, "bucket_schema": schema}))
        self.put(bucket["bucket_id"], texts)
        return str(bucket["bucket_id"])

    def put(self, bucket: str, texts: Sequence[str]) -> list[str]:
        """The ids of new objects, one per text."""
        ids: list[str] = []
        for start in range(0, len(texts), OBJECTS_AT_ONCE):
            bodies = [text_blob(text) for text in texts[start : start + OBJECTS_AT_ONCE]]
            answer = done(self.http.post(f"/buckets/{bucket}/objects/batch", json={"objects": bodies}))
            assert answer["failed_count"] == 0, answer["failed"]
            ids += [one["object_id"] for one in answer["succeeded"]]
        return ids

    def objects(self, bucket: str) -> list[str]:
        """The ids of all objects of a bucket."""
        ids: list[str] = []
        while True:
            paging = {"limit": OBJECTS_AT_ONCE, "offset": len(ids)}
            page = done(self.http.get(f"/buckets/{bucket}/objects", params=paging))["results"]
            if not page:
                return ids
            ids += [one["object_id"] for one in page]

    def collection(
        self, name: str, bucket: str, *, extractor: str, parameters: Mapping[str, Any] | None = None
    ) -> str:
        """A collection that runs an extractor over a bucket's texts."""
        body = {
            "collection_name": name,
            "source": {"type": "bucket", "bucket_ids": [bucket]},
            "feature_extractor": {
                "feature_extractor_name": extractor,
                "version": "v1",
                "input_mappings": {"text": "text"},
                "parameters": dict(parameters or {}),
            },
        }
        return str(done(self.http.post("/collections", json=body))["collection_id"])

    def retriever(self, name: str, collection: str, *, extractor: str) -> str:
        """A retriever that searches a collection for a text."""
        search = {
            "feature_uri": f"mixpeek://{extractor}@v1/{extractor}_embedding",
            "query": {"input_mode": "text", "value": "{{INPUT.query}}"},
            "top_k": 100,
        }
        parameters = {"searches": [search], "final_top_k": 100}
        body = {
            "retriever_name": name,
            "collection_identifiers": [collection],
            "input_schema": {"query": {"type": "text", "required": True}},
            "stages": [
                {
                    "stage_name": "semantic",
                    "stage_type": "filter",
                    "config": {"stage_id": "feature_search", "parameters": parameters},
                }
            ],
        }
        return str(done(self.http.post("/retrievers", json=body))["retriever_id"])

    def submitted(
        self, bucket: str, *, objects: Sequence[str] | None = None, collections: Sequence[str] | None = None
    ) -> str:
        """A submitted batch of these objects, or of all that the bucket has."""
        body: dict[str, Any] = {"object_ids": list(objects or self.objects(bucket))}
        if collections:
            body["collection_ids"] = list(collections)
        batch = done(self.http.post(f"/buckets/{bucket}/batches", json=body))["batch_id"]
        done(self.http.post(f"/buckets/{bucket}/batches/{batch}/submit", json={}))
        return str(batch)

    def batch(self, batch: str) -> dict[str, Any]:
        """A batch as it is now; empty while the API is away."""
        try:
            return done(self.http.get(f"/batches/{batch}"))
        except httpx.TransportError:
            return {}

    def ended(self, batch: str) -> dict[str, Any]:
        """The batch, once it has ended."""

        def finished() -> dict[str, Any] | None:
            now = self.batch(batch)
            return now if now.get("status") in ENDED else None

        ended: dict[str, Any] = wait_until(finished, f"the end of {batch}")
        return ended

    def processed(self, bucket: str, *, objects: Sequence[str] | None = None) -> dict[str, Any]:
        """A batch of these objects, or of all, from its creation to its end."""
        return self.ended(self.submitted(bucket, objects=objects))

    def documents(self, collection: str) -> list[dict[str, Any]]:
        """All documents of a collection."""
        found: list[dict[str, Any]] = []
        while True:
            paging = {"limit": OBJECTS_AT_ONCE, "offset": len(found)}
            page = done(self.http.post(f"/collections/{collection}/documents/list", json=paging))
            found += page["results"]
            if not page["results"] or len(found) >= page["pagination"]["total"]:
                return found

    def search(self, retriever: str, query: str) -> dict[str, Any]:
        """The answer of a retriever, once its endpoint is up."""

        def answered() -> dict[str, Any] | None:
            answer = self.http.post(f"/retrievers/{retriever}/execute", json={"inputs": {"query": query}})
            return None if answer.status_code == 503 else done(answer)

        found: dict[str, Any] = wait_until(answered, f"an answer of {retriever}")
        return found


def account(batch: Mapping[str, Any], tier: int = 0) -> dict[str, int]:
    """What a tier of a batch did: the numbers that tell whether anything was extracted."""
    told = batch["tier_tasks"][tier]
    return {
        "fetched": told["source_documents_fetched"],
        "unchanged": told["documents_unchanged"],
        "submitted": told["documents_submitted_to_engine"],
        "written": told["documents_written"],
        "deleted": told["documents_deleted"],
    }
