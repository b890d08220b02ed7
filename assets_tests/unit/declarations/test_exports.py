"""What exists, written as a manifest: applied to an empty home it makes the same again."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel

from assets_tests.unit.declarations.conftest import NewHome
from assets_tests.unit.declarations.notes import NOTES
from assets_tests.unit.declarations.specs import manifests
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.warehouse.declarations.canonical import canonical, content_hash
from mixpeek_orchestration.warehouse.declarations.exports import exported_text
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest, read_manifest
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

RICH_PROPERTY = {
    "type": "object",
    "description": "where it was taken",
    "examples": [{"lat": 1.5}],
    "properties": {"lat": {"type": "number"}},
}


def rich() -> dict[str, Any]:
    """The notes, with everything that a resource keeps."""
    data = copy.deepcopy(NOTES)
    bucket, lines, search = data["buckets"][0], data["collections"][0], data["retrievers"][0]
    bucket["bucket_schema"]["properties"] |= {
        "place": RICH_PROPERTY,
        "key": {"type": "string", "required": True, "enum": ["a", "b"], "default": "a"},
    }
    bucket |= {
        "unique_key": {"fields": ["key"], "default_policy": "insert"},
        "metadata": {"team": ["x"]},
        "description": "what people wrote down",
    }
    lines["feature_extractor"] |= {
        "parameters": {"split_lines": True},
        "input_mappings": {"text": "body"},
        "field_passthrough": [{"source_path": "key", "target_path": "kept", "default": "none"}],
    }
    folder = {"source_path": "/notes", "batch_size": 7, "file_filters": {"include": ["*.txt"]}}
    data["buckets"].append({**NOTES["buckets"][0], "bucket_name": "followed", "syncs": [folder]})
    lines["source"]["source_filters"] = {"AND": [{"field": "key", "operator": "eq", "value": "a"}]}
    lines |= {
        "enabled": False,
        "description": "per line",
        "schedule": "every 6h",
        "metadata": {"team": "x"},
    }
    search |= {
        "description": "finds lines",
        "metadata": {"team": "x"},
        "budget_limits": {"max_time_ms": 500},
        "tags": ["x"],
        "display_config": {"title": "Search", "theme": {}},
    }
    return data


def round_trip(source: Warehouse, target: Warehouse, data: dict[str, Any], folder: Path) -> tuple[str, str]:
    """The hash of what exists in one namespace, and of what its export makes in another warehouse."""
    here = source.access.create_namespace(f"from-{folder.name}").namespace_id
    source.declarations.apply(here, validated(Manifest, data))
    exported = source.declarations.export(here, "default")
    path = folder / "mixpeek.yaml"
    path.write_text(exported_text(exported))
    there = target.access.create_namespace(f"to-{folder.name}").namespace_id
    target.declarations.apply(there, read_manifest(path))
    assert {c.action for c in source.declarations.changes(here, read_manifest(path))} <= {"unchanged"}
    return content_hash(exported), content_hash(target.declarations.export(there, "default"))


def test_an_export_makes_the_same_again(warehouse: Warehouse, home: NewHome, tmp_path: Path) -> None:
    """With everything that a resource can hold, an empty home ends with the same content hash."""
    before, after = round_trip(warehouse, home("empty"), rich(), tmp_path)
    assert before == after


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(data=manifests())
def test_any_export_makes_the_same_again(
    warehouse: Warehouse, tmp_path_factory: Any, data: dict[str, Any]
) -> None:
    """So it is for whatever can be declared."""
    for collection in data["collections"]:  # a later tier has no bucket's fields
        if collection["source"]["type"] == "collection":
            collection["feature_extractor"].pop("input_mappings", None)
            collection["feature_extractor"].pop("field_passthrough", None)
    before, after = round_trip(warehouse, warehouse, data, tmp_path_factory.mktemp("trip"))
    assert before == after


@pytest.mark.parametrize(
    ("spec", "kind"),
    [(BucketSpec, "buckets"), (CollectionSpec, "collections"), (RetrieverSpec, "retrievers")],
)
def test_the_rich_example_says_everything(spec: type[BaseModel], kind: str) -> None:
    """A field that is added to a spec has to be added here, and so to what is exported."""
    later = {name for name, field in spec.model_fields.items() if field.annotation is type(None)}
    other_spellings = {"collection_ids", "visibility"}
    said = {field for one in rich()[kind] for field in one}
    assert said == set(spec.model_fields) - later - other_spellings


def test_an_export_is_complete(warehouse: Warehouse, namespace_id: str) -> None:
    """What was left to defaults is written down, so that it is the same where defaults differ."""
    warehouse.declarations.apply(namespace_id, validated(Manifest, NOTES))
    extractor = canonical(warehouse.declarations.export(namespace_id, "default"))["collections"]["lines"][
        "feature_extractor"
    ]
    assert extractor["version"] == "1.0.0"
    assert extractor["input_mappings"] == {"text": ["body"]}
    assert "split_lines" in extractor["parameters"]


def test_an_update_tells_its_fields(warehouse: Warehouse, namespace_id: str) -> None:
    """Before and after of each field that changes, by the path that it has in the file; equal spellings change nothing."""
    warehouse.declarations.apply(namespace_id, validated(Manifest, NOTES))
    edited = copy.deepcopy(NOTES)
    edited["collections"][0]["feature_extractor"]["version"] = "1.0.0"
    edited["collections"][0]["source"] = {"type": "bucket", "bucket_id": "notes"}
    edited["buckets"][0]["bucket_schema"]["properties"]["title"] = {"type": "string"}
    edited["retrievers"][0]["input_schema"]["query"]["required"] = True
    changes = warehouse.declarations.changes(namespace_id, validated(Manifest, edited))
    assert {c.name: [f.path for f in c.fields] for c in changes} == {
        "notes": ["bucket_schema.properties.title"],
        "lines": [],
        "again": [],
        "search": ["input_schema.query.required"],
    }
