"""A small namespace to search: two collections with documents in memory, and an encoder that can be told to fail."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mixpeek_orchestration.core.collection import (
    Collection,
    ExtractorChoice,
    Generation,
    Source,
    VectorIndex,
)
from mixpeek_orchestration.core.document import LINEAGE, POSITION
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.core.ports.resources import Namespace
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.context import RetrievalContext
from mixpeek_orchestration.retrieval.execution import Execution
from mixpeek_orchestration.retrieval.executor import execute
from mixpeek_orchestration.retrieval.request import ExecuteSpec
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.stores.catalog import open_catalog, upgrade_catalog
from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore

NAMESPACE = "ns_1"
NOW = "2026-11-20T10:00:00Z"
WORDS = ("north", "east", "south", "west")


def direction(text: str) -> list[float]:
    """A vector whose parts count the four words."""
    return [float(text.split().count(word)) for word in WORDS]


@dataclass
class FakeEncoder:
    """Encodes by counting words, keeps every call, and fails as told."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    failures: dict[str, Callable[[], Exception | None]] = field(default_factory=dict)
    gate: dict[str, threading.Event] = field(default_factory=dict)
    truncated_tokens: int = 0

    def encode(
        self,
        name: str,
        version: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        timeout_s: float,
        namespace_id: str = "",
    ) -> dict[str, Any]:
        self.calls.append((name, version, inputs["text"]))
        if name in self.gate:
            self.gate[name].wait(30)
        failure = self.failures.get(name, lambda: None)()
        if failure is not None:
            raise failure
        said = {"truncated_tokens": self.truncated_tokens} if self.truncated_tokens else {}
        return {"embedding": direction(inputs["text"]), **said}


@dataclass
class Library:
    """The namespace, and short ways to fill and search it."""

    context: RetrievalContext
    encoder: FakeEncoder

    def collection(
        self, name: str, *, extractor: str = "compass", code_fp: str = "code_a", **parameters: Any
    ) -> Generation:
        """A new collection with one generation and no table."""
        generation = Generation(
            generation_id=f"gen_{name}",
            collection_id=f"col_{name}",
            number=1,
            table=f"table_{name}",
            extractor_name=extractor,
            extractor_version="v1",
            parameters=parameters,
            vectors=(VectorIndex("bearing", f"{extractor}_v1_bearing", 4),),
            code_fp=code_fp,
        )
        resources = self.context.catalog.resources
        resources.put_collection(
            Collection(
                f"col_{name}",
                NAMESPACE,
                name,
                Source("bucket", ("bkt_1",)),
                ExtractorChoice(extractor, "v1", parameters),
                active_generation=generation.generation_id,
            )
        )
        resources.put_generation(generation)
        return generation

    def fill(self, generation: Generation, texts: Mapping[str, str], **columns: list[Any]) -> None:
        """One more commit: a document per item, with its text and its vector."""
        items = list(texts)
        rows: dict[str, Any] = {name: pa.array(["-"] * len(items)) for name in LINEAGE}
        rows |= {
            "document_id": pa.array([f"doc_{item}" for item in items]),
            "_source_item": pa.array(items),
            "_root_object": pa.array(items),
            "_root_bucket": pa.array(["bkt_1"] * len(items)),
            "_source_collection": pa.array([None] * len(items), pa.string()),
            POSITION: pa.array([0] * len(items), pa.int32()),
            "text": pa.array(list(texts.values())),
        }
        flat = np.array([direction(text) for text in texts.values()], np.float32).ravel()
        vector = generation.vectors[0]
        rows[vector.column] = pa.FixedSizeListArray.from_arrays(pa.array(flat), vector.dimension)
        rows |= {name: pa.array(values) for name, values in columns.items()}
        stamp = Stamp("btch_1", generation.code_fp)
        self.context.documents.commit(generation.table, pa.table(rows), items=items, stamp=stamp)

    def retriever(self, body: Mapping[str, Any]) -> Retriever:
        return RetrieverSpec.parse(body).to_retriever(NAMESPACE, self.context.catalog.resources, now=NOW)

    def search(self, *searches: Mapping[str, Any], **options: Any) -> Execution:
        """Create a retriever with one feature_search over all collections, and execute it.

        `sent` is the execute body; other options are parameters of the stage or keys of the retriever.
        """
        sent = options.pop("sent", {"inputs": {"query": "north"}})
        whole = {k: options.pop(k) for k in ("input_schema", "budget_limits") if k in options}
        names = [c.name for c in self.context.catalog.resources.collections(NAMESPACE)]
        stage = {"stage_id": "feature_search", "parameters": {"searches": list(searches), **options}}
        body = {
            "retriever_name": "find",
            "collection_identifiers": names,
            "stages": [{"stage_name": "search", "config": stage}],
            **whole,
        }
        return self.execute(self.retriever(body), sent)

    def execute(self, retriever: Retriever, sent: Mapping[str, Any] | None = None) -> Execution:
        return execute(retriever, validated(ExecuteSpec, sent or {}), context=self.context)


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog file with its schema and nothing in it; migrating once is enough."""
    path = tmp_path_factory.mktemp("catalog") / "empty.db"
    upgrade_catalog(f"sqlite:///{path}")
    return path


@pytest.fixture
def library(empty_catalog: Path, tmp_path: Path) -> Iterator[Library]:
    """An empty namespace."""
    shutil.copy(empty_catalog, tmp_path / "catalog.db")
    catalog = open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    catalog.resources.put_namespace(Namespace(NAMESPACE, "default"))
    encoder = FakeEncoder()
    yield Library(RetrievalContext(catalog, MemoryDocumentStore(), encoder), encoder)
    catalog.close()


@pytest.fixture
def filled(library: Library) -> Library:
    """The collection `places` with four documents."""
    places = library.collection("places")
    library.fill(
        places,
        {"a": "north", "b": "north east", "c": "east", "d": "south south"},
        stars=[5, 4, 3, 2],
    )
    return library


@pytest.fixture
def body() -> dict[str, Any]:
    """A create body in the newest spelling."""
    return {
        "retriever_name": "find",
        "collection_identifiers": ["places"],
        "input_schema": {"query": {"type": "text", "required": True}},
        "stages": [
            {
                "stage_name": "semantic",
                "stage_type": "filter",
                "config": {
                    "stage_id": "feature_search",
                    "parameters": {"searches": [search()], "final_top_k": 20, "fusion": "rrf"},
                },
            }
        ],
    }


def search(**changes: Any) -> dict[str, Any]:
    """One search over the feature of `places`."""
    return {
        "feature_uri": "mixpeek://compass@v1/bearing",
        "query": {"input_mode": "text", "value": "{{INPUT.query}}"},
        "top_k": 20,
    } | changes


@pytest.fixture
def a_search() -> Callable[..., dict[str, Any]]:
    return search
