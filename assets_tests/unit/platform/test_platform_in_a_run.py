"""A package that uses the platform, run by a whole warehouse: from objects to documents and answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from assets_tests.unit.platform.asking_package import push_weights, write_asking
from assets_tests.unit.platform.llm_server import LLMServer, Reply
from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.bootstrap import open_platform, open_warehouse, platform_reference, prepare_home
from mixpeek_orchestration.core.errors import InvalidOutput, NotFound
from mixpeek_orchestration.core.ports.platform import LLMRequest
from mixpeek_orchestration.extractors.recipe import build_steps
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec


@pytest.fixture
def lab(server: LLMServer, tmp_path: Path) -> Iterator[Lab]:
    """A warehouse whose OpenAI is the local server, with a secret, weights and the package."""
    packages = write_asking(tmp_path / "packages")
    settings = Settings(
        home=tmp_path / "home",
        extractor_paths=str(packages),
        llm_base_urls={"openai": f"{server.url}/v1"},
        llm_retries=0,
    )
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    schema = {"properties": {"body": {"type": "text"}}}
    spec = BucketSpec(bucket_name="texts", bucket_schema=schema)
    bucket = warehouse.buckets.create(warehouse.ensure_namespace("default"), spec)
    for name, value in {"EXTERNAL_TOKEN": "hunter2-hunter2", "OPENAI_API_KEY": "sk-openai"}.items():
        warehouse.secrets.set(name, value)
    yield Lab(warehouse, bucket, packages)
    warehouse.close()


def test_llm_secrets_and_weights_in_one_run(lab: Lab, server: LLMServer) -> None:
    """Good rows are written; the row with the secret fails, naming its column; the failing one fails without the secret
    in its message; and finding both of them asks the model once per text."""
    push_weights(lab.warehouse, lab.namespace_id, "1.0.0", 2.0)
    texts = ["one", "leaky", "three", "broken", "seven"]
    server.says(*[Reply(data={"labels": ["x"]})] * len(texts))
    for text in texts:
        lab.put(text, text)
    collection = lab.collection(
        feature_extractor_name="asking", version="1.0.0", parameters={}, field_passthrough=[]
    )
    report = lab.run(collection)
    assert (report.written, report.failed) == (3, 2)
    assert len(server.calls) == len(texts)
    rows = {row["note"] for row in lab.rows(collection)}, {row["scaled"] for row in lab.rows(collection)}
    assert rows == ({"fine"}, {6.0, 10.0})
    failures = lab.warehouse.failures(collection)
    assert {failure.error.error_class for failure in failures} == {"InvalidOutput", "ValueError"}
    assert "hunter2" not in json.dumps([str(failure) for failure in failures])


def test_a_jailed_package_uses_the_platform_through_its_parent(lab: Lab, server: LLMServer) -> None:
    """A reviewed package, in a process that may reach neither catalog nor network, gets the same answers, secrets and
    weights; a row with the secret is refused there too."""
    push_weights(lab.warehouse, lab.namespace_id, "1.0.0", 2.0)
    server.says(*[Reply(data={"labels": ["x"]})] * 2)
    described = lab.warehouse.registry.describe("asking", "1.0.0", namespace_id=lab.namespace_id)
    process = build_steps(replace(described.recipe, isolation="reviewed"))[0].create()
    batch = pd.DataFrame({"data": ["one"], "document_id": ["doc_1"], "mime_type": ["text/plain"]})
    result = process(batch)
    assert (result["scaled"].tolist(), result["labels"].tolist()[0][0]) == ([6.0], "x")
    with pytest.raises(InvalidOutput, match="contains a secret"):
        process(batch.assign(data=["leaky"]))


def test_other_weights_make_rows_stale(lab: Lab, server: LLMServer) -> None:
    """Until a new version is pushed nothing runs again; then every row does, without asking the model again."""
    push_weights(lab.warehouse, lab.namespace_id, "1.0.0", 2.0)
    server.says(Reply(data={"labels": []}))
    lab.put("one", "one")
    collection = lab.collection(
        feature_extractor_name="asking", version="1.0.0", parameters={}, field_passthrough=[]
    )
    assert lab.run(collection).written == 1
    assert lab.run(collection).unchanged == 1
    push_weights(lab.warehouse, lab.namespace_id, "1.0.1", 3.0)
    assert lab.run(collection).written == 1
    assert [row["scaled"] for row in lab.rows(collection)] == [9.0]
    assert len(server.calls) == 1


def test_missing_weights_are_named_before_anything_runs(lab: Lab) -> None:
    """The collection cannot be made while the namespace has no such model."""
    assert lab.warehouse.registry.describe("asking").code_parts["own_model:scaling"] == ""
    with pytest.raises(NotFound, match="mixpeek model push scaling"):
        lab.collection(feature_extractor_name="asking", version="1.0.0", parameters={}, field_passthrough=[])


def test_opening_a_platform_imports_no_store() -> None:
    """A worker that gets a reference has not imported pandas, Arrow, SQL or Dagster for it."""
    program = """
import sys
from mixpeek_orchestration.bootstrap import open_platform
heavy = ("pandas", "pyarrow", "polars", "sqlalchemy", "dagster", "ray", "torch", "lancedb", "openai", "google.genai")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_a_reference_travels_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and the password of a database stay behind; who opens the reference takes them from its own settings."""
    settings = Settings(
        home=tmp_path,
        catalog_url="postgresql+psycopg2://me:hunter2@db/catalog",
        secret_key="hunter2",
        llm_api_keys={"OPENAI_API_KEY": "hunter2"},
    )
    reference = platform_reference(settings, "ns_1")
    assert "hunter2" not in str(reference)
    assert reference.config["catalog_url"] == "postgresql+psycopg2://me@db/catalog"
    monkeypatch.setenv("MIXPEEK_LLM_API_KEYS", '{"OPENAI_API_KEY": "sk-setting"}')
    assert open_platform(reference.config) is reference.open()


def test_a_key_may_come_from_the_settings(
    server: LLMServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no secret of that name, the key of the settings is used."""
    monkeypatch.setenv("MIXPEEK_LLM_API_KEYS", '{"OPENAI_API_KEY": "sk-setting"}')
    settings = Settings(home=tmp_path, llm_base_urls={"openai": f"{server.url}/v1"})
    prepare_home(settings)
    platform_reference(settings, "ns_1").open().generate(LLMRequest("Hello.", provider="openai"))
    assert server.calls[-1][2]["authorization"] == "Bearer sk-setting"
