"""A warehouse of real parts in a temporary folder, behind a real server, with the official client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mixpeek import Mixpeek

from assets_tests.api.broken_packages import break_packages
from assets_tests.api.server import served
from mixpeek_orchestration.api.app import Limits, create_app
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).parents[1] / "packages"
JSON_LIMIT = 32_000_000
UPLOAD_LIMIT = 1_000_000


@dataclass(frozen=True)
class Api:
    """A running server with a key for everything and one for another namespace only."""

    url: str
    key: str
    other_key: str
    namespace: str
    warehouse: Warehouse

    def client(self, *, key: str | None = None, namespace: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key or self.key}", "X-Namespace": namespace or self.namespace}
        return httpx.Client(base_url=f"{self.url}/v1", headers=headers, timeout=60)

    def official(self) -> Mixpeek:
        return Mixpeek(self.key, namespace=self.namespace, base_url=f"{self.url}/v1")


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for all tests; each takes names of its own."""
    home = tmp_path_factory.mktemp("home")
    broken = tmp_path_factory.mktemp("broken")
    break_packages(broken)
    settings = Settings(home=home, extractor_paths=f"{PACKAGES}:{broken}")
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    namespace = warehouse.access.create_namespace("testing")
    other = warehouse.access.create_namespace("elsewhere")
    key, _ = warehouse.access.create_key()
    other_key, _ = warehouse.access.create_key([other.namespace_id])
    app = create_app(warehouse, limits=Limits(json_bytes=JSON_LIMIT, upload_bytes=UPLOAD_LIMIT))
    with served(app) as url:
        yield Api(url, key, other_key, namespace.name, warehouse)
    warehouse.close()


@pytest.fixture
def http(api: Api) -> Iterator[httpx.Client]:
    """Plain HTTP with the right key and namespace."""
    with api.client() as client:
        yield client


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return f"{request.node.name[5:60]}".replace("[", " ").replace("]", "")


@pytest.fixture
def bucket(http: httpx.Client, name: str) -> dict[str, Any]:
    """A bucket with a text and a string property."""
    schema = {"properties": {"body": {"type": "text"}, "ticker": {"type": "string"}}}
    answer = http.post("/buckets", json={"bucket_name": name, "bucket_schema": schema})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def collection(http: httpx.Client, bucket: dict[str, Any], name: str) -> dict[str, Any]:
    """A collection that embeds the bucket's texts."""
    body = {
        "collection_name": name,
        "source": {"type": "bucket", "bucket_ids": [bucket["bucket_id"]]},
        "feature_extractor": {
            "feature_extractor_name": "word_vectors",
            "version": "v1",
            "input_mappings": {"text": "body"},
            "field_passthrough": [{"source_path": "ticker"}],
        },
    }
    answer = http.post("/collections", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()
