"""The packages of Mixpeek's documentation through the whole stack: checked, published, deployed, embedding, answering."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assets_tests.e2e.application import Application, done
from assets_tests.e2e.publisher import Publisher
from assets_tests.e2e.running_stack import PACKAGES, RunningStack, wait_until
from assets_tests.e2e.scaffold_processors import put_image_embedder, put_sentiment_classifier
from assets_tests.e2e.shell import documented_variables, need, shell

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

DOCUMENTED = PACKAGES / "documented"
COMMANDS = Path(__file__).parent / "documented"
TOPICS = ["The bakery opens at six and sells rye bread.", "The brook left its bed after two days of rain."]


@contextmanager
def namespace(stack: RunningStack, prefix: str) -> Iterator[tuple[Publisher, Application]]:
    """A namespace that only this test uses."""
    name = f"{prefix}-{uuid.uuid4().hex[:8]}"
    with stack.client() as client:
        done(client.post("/namespaces", json={"namespace_name": name}))
        client.headers["X-Namespace"] = name
        yield Publisher(client, name), Application(client)


def collection(
    application: Application, name: str, *, property_type: tuple[str, str], blobs: list[str], extractor: Any
) -> str:
    """The id of a collection that an extractor made of a bucket's objects, by a batch that Dagster ran."""
    http, (field, kind) = application.http, property_type
    schema = {"properties": {field: {"type": kind}}}
    bucket = done(http.post("/buckets", json={"bucket_name": name, "bucket_schema": schema}))["bucket_id"]
    bodies = [{"blobs": [{"property": field, "type": kind, "data": data}]} for data in blobs]
    put = done(http.post(f"/buckets/{bucket}/objects/batch", json={"objects": bodies}))
    assert put["failed_count"] == 0, put
    source = {"type": "bucket", "bucket_ids": [bucket]}
    body = {"collection_name": name, "source": source, "feature_extractor": extractor}
    made = str(done(http.post("/collections", json=body))["collection_id"])
    batch = application.processed(bucket)
    assert batch["status"] == "COMPLETED", batch
    return made


def test_the_walk_of_the_documentation_with_curl(
    shared_stack: RunningStack, application: Application, tmp_path: Path
) -> None:
    """The documented package, checked by lint and test and sent by the documented curl commands, embeds a batch and
    answers a query: the right filing comes first."""
    need("curl", "jq", "zip")
    shutil.copytree(DOCUMENTED / "untyped", tmp_path / "my_extractor")
    variables = documented_variables(shared_stack)

    def run(commands: str, **more: str) -> str:
        return shell(commands, tmp_path, shared_stack, {**variables, **more})

    run("mixpeek plugin lint my_extractor && mixpeek plugin test my_extractor")
    run((COMMANDS / "publish.sh").read_text())
    ids = dict(re.findall(r"(\w+_ID)=(\S+)", run((COMMANDS / "batch.sh").read_text())))
    assert application.ended(ids["BATCH_ID"])["status"] == "COMPLETED"
    Publisher(application.http, variables["MIXPEEK_NAMESPACE"]).settled("my_extractor_1_0_0", "deployed")
    answer = json.loads(run((COMMANDS / "search.sh").read_text(), COLLECTION_ID=ids["COLLECTION_ID"]))
    assert answer["status"] == "completed", answer
    tickers = [
        done(application.http.get(f"/buckets/{ids['BUCKET_ID']}/objects/{one['root_object_id']}"))[
            "metadata"
        ]["ticker"]
        for one in answer["documents"]
    ]
    assert tickers == ["AAPL", "RYE"]


def test_the_typed_package_embeds_and_answers(shared_stack: RunningStack) -> None:
    """The typed manifest with `setup`, `process` and `infer`: its batch has vectors, its endpoint answers a search."""
    with namespace(shared_stack, "typed") as (publisher, application):
        plugin_id = publisher.deployed("my_embedder", DOCUMENTED / "typed")
        extractor = {"feature_extractor_name": "my_embedder", "version": "v1"}
        made = collection(
            application, "typed", property_type=("text", "text"), blobs=TOPICS, extractor=extractor
        )
        feature = done(application.http.get(f"{publisher.plugins}/{plugin_id}"))["feature_uri"]
        search = {"feature_uri": feature, "query": {"input_mode": "text", "value": "{{INPUT.query}}"}}
        stage = {
            "stage_name": "semantic",
            "config": {"stage_id": "feature_search", "parameters": {"searches": [search]}},
        }
        body = {
            "retriever_name": "typed",
            "collection_identifiers": [made],
            "input_schema": {"query": {"type": "text"}},
            "stages": [stage],
        }
        retriever = done(application.http.post("/retrievers", json=body))["retriever_id"]
        found = application.search(retriever, "where can I buy a loaf?")["documents"]
        first = found[0]["root_object_id"]
        bread = application.objects(_bucket(application))[0]
        assert (len(found), first) == (2, bread)


def test_the_package_of_the_command_line_processes_and_answers(shared_stack: RunningStack) -> None:
    """The documented plugin layout without a vector: its batch writes what its processor says, with the documented
    parameters, and its endpoint answers by name."""
    with namespace(shared_stack, "layout") as (publisher, application):
        publisher.deployed("my_extractor", DOCUMENTED / "plugin")
        extractor = {
            "feature_extractor_name": "my_extractor",
            "version": "v1",
            "parameters": {"threshold": 0.7, "text_column": "content"},
        }
        made = collection(
            application, "layout", property_type=("content", "text"), blobs=TOPICS, extractor=extractor
        )
        results = sorted(one["output"]["result"] for one in application.documents(made))
        assert results == sorted(f"Processed: {text[:50]}" for text in TOPICS)
        answer = wait_until(
            lambda: asked if (asked := publisher.infer("my_extractor", "hello")).status_code != 503 else None,
            "an answer",
        )
        assert done(answer)["data"] == {"result": "Processed: hello", "confidence": 0.95}


def test_the_documented_processors_in_scaffolds(shared_stack: RunningStack, tmp_path: Path) -> None:
    """The sentiment classifier and the image embedder, put into what `init` makes, are published by the command and
    process texts and pictures in batches."""
    commands = (
        'mixpeek plugin init sentiment_classifier --category text --description "Classify text sentiment as positive,'
        ' negative, or neutral"\n'
        'mixpeek plugin init image_embedder --category image --description "Generate embeddings for images using CLIP"'
    )
    shell(commands, tmp_path, shared_stack)
    put_sentiment_classifier(tmp_path / "sentiment_classifier")
    put_image_embedder(tmp_path / "image_embedder")
    with namespace(shared_stack, "examples") as (publisher, application):
        in_namespace = {"MIXPEEK_NAMESPACE": publisher.namespace}
        publish = (
            "mixpeek plugin publish --path sentiment_classifier\nmixpeek plugin publish --path image_embedder"
        )
        shell(publish, tmp_path, shared_stack, in_namespace)
        said = collection(
            application,
            "said",
            property_type=("text", "text"),
            blobs=["good day", "bad rain"],
            extractor={"feature_extractor_name": "sentiment_classifier", "version": "v1"},
        )
        sentiments = application.documents(said)
        assert {one["sentiment"] for one in sentiments} <= {"POSITIVE", "NEGATIVE"}
        assert all(0.0 <= one["confidence"] <= 1.0 for one in sentiments)
        assert len(sentiments) == 2
        seen = collection(
            application,
            "seen",
            property_type=("picture", "image"),
            blobs=[_picture("red"), _picture("blue")],
            extractor={"feature_extractor_name": "image_embedder", "version": "v1"},
        )
        assert len(application.documents(seen)) == 2


def _bucket(application: Application) -> str:
    """The only bucket of a namespace."""
    (bucket,) = done(application.http.post("/buckets/list", json={}))["results"]
    return str(bucket["bucket_id"])


def _picture(color: str) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (48, 48), color).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
