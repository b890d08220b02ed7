"""The doors to migrations: declarations, the command line, HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner

from assets_tests.unit.migration.compasses import write_compasses
from assets_tests.unit.migration.field import URI, Field
from mixpeek_orchestration.api.app import create_app
from mixpeek_orchestration.cli.main import app
from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.declarations.changes import Order
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest

NEW_URI = "mixpeek://compass@v2/compass_v2_embedding"


def declared(version: str, **changes: Any) -> dict[str, Any]:
    """The bucket and the collection as a file says them."""
    return {
        "namespace": "default",
        "buckets": [{"bucket_name": "signs", "bucket_schema": {"properties": {"body": {"type": "text"}}}}],
        "collections": [
            {
                "collection_name": "directions",
                "source": {"type": "bucket", "bucket_ids": ["signs"]},
                "feature_extractor": {"feature_extractor_name": "compass", "version": version},
                **changes,
            }
        ],
    }


def test_a_declared_version_asks_for_a_migration(field: Field) -> None:
    """Another version in the file is no bare conflict: the diff names it, the error says how, and nothing else of the file
    is applied half."""
    apply = field.warehouse.declarations
    said = validated(Manifest, declared("v2", description="turned"))
    told = {c.name: c.line for c in apply.changes(field.namespace_id, said, Order("api"))}
    assert told["directions"] == "~ collection directions (needs a migration; --migrate starts it)"
    with pytest.raises(Conflict, match="needs a migration") as raised:
        apply.apply(field.namespace_id, said, Order("api"))
    assert "mixpeek apply --migrate" in (raised.value.fix or "")
    assert field.collection.description is None


def test_applying_with_migrate_starts_it(field: Field) -> None:
    """The rest of the declaration holds at once, the extractor after the switch; applying again starts nothing twice."""
    apply, order = field.warehouse.declarations, Order("api", migrate=True)
    said = validated(Manifest, declared("v2", description="turned"))
    apply.apply(field.namespace_id, said, order)
    assert (field.collection.description, field.model()) == ("turned", "v1")
    again = {c.name: c.action for c in apply.changes(field.namespace_id, said, Order("api"))}
    assert again["directions"] == "migrating"
    field.run_pending()
    field.warehouse.migrations.switch(field.collection)
    settled = {c.name: c.action for c in apply.changes(field.namespace_id, said, Order("api"))}
    assert (settled["directions"], field.model()) == ("unchanged", "v2")


@pytest.fixture
def http(field: Field) -> Iterator[httpx.Client]:
    """The API over the same warehouse."""
    from starlette.testclient import TestClient

    secret, _ = field.warehouse.access.create_key()
    headers = {"Authorization": f"Bearer {secret}", "X-Namespace": "default"}
    with TestClient(create_app(field.warehouse), headers=headers) as client:
        yield client


def test_a_migration_over_http(field: Field, http: httpx.Client) -> None:
    """Start, status, plan, comparison, switch and rollback by PATCH of the index map, drop."""
    base = "/v1/collections/directions"
    body = {"feature_extractor": {"feature_extractor_name": "compass", "version": "v2"}}
    started = http.post(f"{base}/migrations", json=body)
    assert (started.status_code, started.json()["state"]) == (202, "filling")
    assert http.post(f"{base}/migrations/current/switch").status_code == 409
    field.run_pending()
    assert http.get(f"{base}/migrations/current").json()["state"] == "ready"
    assert http.get(f"{base}/migrations/current/switch-plan").json()["retrievers"] == ["find"]
    compared = http.post(f"{base}/migrations/current/compare", json={"queries": ["north"], "top_k": 4})
    assert compared.json()["overlap"] == 1.0
    moved = http.patch(base, json={"index_map": {URI: NEW_URI}}).json()
    assert moved["feature_extractor"]["version"] == "v2"
    assert NEW_URI in moved["index_map"].values()
    assert {one["feature_uri"] for one in moved["vector_indexes"]} == {URI, NEW_URI}
    assert field.model() == "v2"
    assert http.patch(base, json={"index_map": None}).json()["feature_extractor"]["version"] == "v1"
    assert field.model() == "v1"
    assert http.post(f"{base}/migrations/current/switch", json={"rerun": False}).json()["state"] == "switched"
    assert http.post(f"{base}/migrations/current/rollback").json()["state"] == "ready"
    http.post(f"{base}/migrations/current/switch")
    assert http.post(f"{base}/migrations/current/drop").json()["state"] == "dropped"
    assert [one["state"] for one in http.get(f"{base}/migrations").json()["results"]] == ["dropped"]
    assert http.patch(base, json={"index_map": {URI: URI}}).status_code == 404
    assert http.patch(base, json={"collection_name": "other"}).status_code == 422


@pytest.mark.slow
def test_a_migration_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From `apply` to `drop` with nothing but commands, all work done in this process."""
    write_compasses(tmp_path / "packages")
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(tmp_path / "packages"))
    (tmp_path / "signs").mkdir()
    for word in ("north", "south"):
        (tmp_path / "signs" / f"{word}.txt").write_text(word)
    file = tmp_path / "mixpeek.yaml"
    file.write_text(yaml.safe_dump(declared("v1")))

    def said(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, done.output
        return done.output

    said("apply", str(file))
    said("ingest", "signs", str(tmp_path / "signs"), "--property", "body")
    said("materialize", "directions")
    assert "compass@v2 is filled by 1 batches (2 objects)" in said(
        "migrate", "start", "directions", "--extractor", "compass@v2", "--now"
    )
    assert "ready" in said("migrate", "status", "directions")
    assert "overlap 100%" in said("migrate", "compare", "directions", "--query", "north", "-k", "2")
    assert "no later tier" in said("migrate", "switch", "directions", "--dry-run")
    assert "compass@v2 answers now" in said("migrate", "switch", "directions", "--yes")
    assert "compass@v1 answers now" in said("migrate", "rollback", "directions")
    said("migrate", "switch", "directions", "--yes")
    assert "is gone" in said("migrate", "drop", "directions")
    assert "compass@v1 → compass@v2  dropped" in said("migrate", "list")
    assert "0 queries kept" in said("migrate", "queries")
    assert "needs a migration" in said("apply", str(file), code=3)
