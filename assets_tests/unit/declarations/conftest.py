"""A home with the test packages, and manifests that go together with it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.manifest import Manifest
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).resolve().parents[2] / "packages"
URI = "mixpeek://word_vectors@v1/word_vectors_embedding"
SEARCH = {"searches": [{"feature_uri": URI, "query": "{{INPUT.query}}"}]}
NOTES: dict[str, Any] = {
    "namespace": "default",
    "buckets": [
        {"bucket_name": "notes", "bucket_schema": {"properties": {"body": {"type": "text"}}}},
    ],
    "collections": [
        {
            "collection_name": "lines",
            "source": {"type": "bucket", "bucket_ids": ["notes"]},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
        },
        {
            "collection_name": "again",
            "source": {"type": "collection", "collection_ids": ["lines"]},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
        },
    ],
    "retrievers": [
        {
            "retriever_name": "search",
            "collection_identifiers": ["again"],
            "stages": [{"stage_name": "s", "config": {"stage_id": "feature_search", "parameters": SEARCH}}],
            "input_schema": {"query": {"type": "text"}},
        }
    ],
}


def without(**names: str) -> Manifest:
    """The notes without the resources of these names, by kind."""
    data = copy.deepcopy(NOTES)
    for kind, name in names.items():
        data[f"{kind}s"] = [one for one in data[f"{kind}s"] if one[f"{kind}_name"] != name]
    return validated(Manifest, data)


NewHome = Callable[[str], Warehouse]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewHome]:
    """Opens empty homes by name."""
    opened: list[Warehouse] = []

    def new(name: str) -> Warehouse:
        settings = Settings(home=tmp_path_factory.mktemp(name), extractor_paths=str(PACKAGES))
        prepare_home(settings)
        opened.append(open_warehouse(settings, local=True))
        return opened[-1]

    yield new
    for warehouse in opened:
        warehouse.close()


@pytest.fixture(scope="session")
def warehouse(home: NewHome) -> Warehouse:
    """One for all tests, which have a namespace each."""
    return home("home")


@pytest.fixture
def namespace_id(warehouse: Warehouse) -> str:
    return warehouse.access.create_namespace(f"ns-{next(_NUMBERS)}").namespace_id
