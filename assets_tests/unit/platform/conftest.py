"""A platform over real parts: a catalog in memory, objects in a folder, the SDKs against a local server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assets_tests.unit.platform.llm_server import LLMServer, llm_server
from mixpeek_orchestration.core.ports.platform import PlatformReference
from mixpeek_orchestration.extractors.llm.cache import ResponseCache
from mixpeek_orchestration.extractors.llm.client import LLMClient, LLMConfig
from mixpeek_orchestration.extractors.local_tools import run_locally
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
from mixpeek_orchestration.stores.objects import open_objects
from mixpeek_orchestration.warehouse.models.models import Models
from mixpeek_orchestration.warehouse.platform import NamespacePlatform, Services
from mixpeek_orchestration.warehouse.secret_keys import cipher
from mixpeek_orchestration.warehouse.secrets import Secrets

KEYS = {"OPENAI_API_KEY": "sk-openai", "ANTHROPIC_API_KEY": "sk-anthropic", "GOOGLE_API_KEY": "sk-google"}


@pytest.fixture(scope="session")
def running_server() -> Iterator[LLMServer]:
    """One server for all tests."""
    with llm_server() as server:
        yield server


@pytest.fixture
def server(running_server: LLMServer) -> LLMServer:
    """The server, with nothing asked and nothing scripted."""
    running_server.calls.clear()
    running_server.script.clear()
    return running_server


def config_for(server: LLMServer, **more: Any) -> LLMConfig:
    """All providers on the local server, with retries that do not wait."""
    base_urls = {
        "openai": f"{server.url}/v1",
        "anthropic": server.url,
        "google": server.url,
        "vertex": server.url,
        "local": f"{server.url}/compatible/v1",
    }
    quick = {"google": {"first_retry_s": 0.001}, "vertex": {"first_retry_s": 0.001}}
    return LLMConfig(**{"base_urls": base_urls, "retries": 2, "options": quick, "timeout_s": 20, **more})


@pytest.fixture
def client(server: LLMServer, tmp_path: Path) -> Callable[..., LLMClient]:
    """How to make a client with its own cache and the keys of `KEYS`."""

    def make(**config: Any) -> LLMClient:
        cache = ResponseCache(tmp_path / "answers")
        return LLMClient(config_for(server, **config), cache, key=KEYS.get, namespace_id="ns_1")

    return make


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    """Secrets under a key in a file."""
    return Secrets(MemoryCatalog().secrets, cipher("", tmp_path / "home" / "secret.key"))


@pytest.fixture
def models(tmp_path: Path) -> Models:
    """Own models over a folder."""
    store = open_objects({"url": str(tmp_path / "objects" / "models")})
    return Models(MemoryCatalog().models, store, tmp_path / "unpacked")


@pytest.fixture
def platform(server: LLMServer, secrets: Secrets, models: Models, tmp_path: Path) -> NamespacePlatform:
    """The platform of the namespace `ns_1`, whose secrets are the keys of the providers."""
    for name, value in KEYS.items():
        secrets.set(name, value)

    def generate(key: Callable[[str], str | None]) -> Any:
        cache = ResponseCache(tmp_path / "answers")
        return LLMClient(config_for(server), cache, key=key, namespace_id="ns_1").generate

    services = Services(secrets, models, open_objects({"url": str(tmp_path / "objects")}), generate)
    return NamespacePlatform(
        "ns_1", services=lambda: services, tool=run_locally, reference=PlatformReference(dict)
    )
