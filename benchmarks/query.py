"""Queries over HTTP, and ten objects from submit to `COMPLETED`, through a whole local stack of its own.

`python -m benchmarks.query` starts a stack on free ports, fills a collection with 5,000 passages, asks 300 different
questions one after the other (encode included), prints p50, p90 and p99, then submits ten objects at a time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from assets_tests.e2e.running_stack import RunningStack, free_ports
from benchmarks.embeddings import texts

FEATURE = "mixpeek://text_extractor@v1/text_extractor_v1_embedding"
WANTED_MS = {50: 25.0, 99: 50.0}
WANTED_BATCH_S = 20.0
ENDED = {"COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED"}


@contextmanager
def stack() -> Iterator[RunningStack]:
    """A stack in a temporary home; it is down again afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        running = RunningStack(Path(folder) / "home", free_ports())
        running.up()
        try:
            yield running
        finally:
            running.mixpeek("down")


class Application:
    """What an application does with the API: a bucket, a collection, a retriever."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.bucket = self.post(
            "/buckets", bucket_name="texts", bucket_schema={"properties": {"body": {"type": "text"}}}
        )["bucket_id"]
        extractor = {"feature_extractor_name": "text_extractor", "version": "v1"}
        source = {"type": "bucket", "bucket_ids": [self.bucket]}
        self.post("/collections", collection_name="passages", source=source, feature_extractor=extractor)
        search = {
            "feature_uri": FEATURE,
            "query": {"input_mode": "text", "value": "{{INPUT.query}}"},
            "top_k": 10,
        }
        config = {"stage_id": "feature_search", "parameters": {"searches": [search], "final_top_k": 10}}
        self.retriever = self.post(
            "/retrievers",
            retriever_name="search",
            collection_identifiers=["passages"],
            input_schema={"query": {"type": "text", "required": True}},
            stages=[{"stage_name": "semantic", "config": config}],
        )["retriever"]["retriever_id"]

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        answer.raise_for_status()
        return dict(answer.json())

    def put(self, documents: Sequence[str]) -> list[str]:
        """One object per text; their ids."""
        ids: list[str] = []
        for start in range(0, len(documents), 100):
            objects = [
                {"blobs": [{"property": "body", "type": "text", "data": text}]}
                for text in documents[start : start + 100]
            ]
            created = self.post(f"/buckets/{self.bucket}/objects/batch", objects=objects)
            ids += [one["object_id"] for one in created["succeeded"]]
        return ids

    def process(self, object_ids: Sequence[str]) -> float:
        """Seconds from submit to the end of a batch that must complete."""
        batch = self.post(f"/buckets/{self.bucket}/batches", object_ids=list(object_ids))["batch_id"]
        begin = time.monotonic()
        self.post(f"/buckets/{self.bucket}/batches/{batch}/submit")
        while (
            status := self.client.get(f"/buckets/{self.bucket}/batches/{batch}").json()["status"]
        ) not in ENDED:
            time.sleep(0.1)
        if status != "COMPLETED":
            raise SystemExit(f"the batch ended {status}")
        return time.monotonic() - begin

    def ask(self, question: str) -> float | None:
        """Milliseconds of one query that must find ten documents; `None` while the endpoint starts."""
        begin = time.perf_counter()
        answer = self.client.post(
            f"/retrievers/{self.retriever}/execute", json={"inputs": {"query": question}}
        )
        took = (time.perf_counter() - begin) * 1000
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return None
        answer.raise_for_status()
        found = answer.json()
        if len(found["documents"]) != 10 or found["status"] != "completed":
            raise SystemExit(f"not a whole answer: {found['status']}, {len(found['documents'])} documents")
        return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--batches", type=int, default=3)
    options = parser.parse_args()
    with stack() as running, running.client() as client:
        application = Application(client)
        print(
            f"{options.rows:,} rows written in {application.process(application.put(texts(options.rows))):.1f} s"
        )
        queries(application, options.queries)
        batches(application, options.batches)


def queries(application: Application, count: int) -> None:
    """Print the latencies of `count` different questions, after the endpoint has answered twenty."""
    questions = [text[:80] for text in texts(count + 20)]
    while application.ask("is the endpoint up?") is None:
        time.sleep(1.0)
    took = sorted(filter(None, map(application.ask, questions)))[: count + 20]
    cuts = statistics.quantiles(took, n=100)
    print(
        f"query over HTTP, {count} questions: p50 {cuts[49]:.1f} ms, p90 {cuts[89]:.1f} ms, p99 {cuts[98]:.1f} ms"
    )
    for percentile, wanted in WANTED_MS.items():
        print(f"  p{percentile}: goal {wanted} ms, ratio {cuts[percentile - 1] / wanted:.2f}")


def batches(application: Application, count: int) -> None:
    """Print how long ten objects take from submit to `COMPLETED` on a warm stack."""
    application.process(application.put(texts(10)))
    took = [application.process(application.put([f"{n} {text}" for text in texts(10)])) for n in range(count)]
    median = statistics.median(took)
    print(
        f"ten objects, submit to COMPLETED: {median:.1f} s (goal {WANTED_BATCH_S}, ratio {median / WANTED_BATCH_S:.2f})"
    )


if __name__ == "__main__":
    main()
