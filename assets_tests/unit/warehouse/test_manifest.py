"""`mixpeek.yaml`: what apply does, and that the editors' schema accepts and refuses the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.core.errors import Conflict, Cycle, InvalidInput, ManagedElsewhere, MixpeekError
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest, read_manifest
from mixpeek_orchestration.warehouse.declarations.schema import schema
from mixpeek_orchestration.warehouse.specs import BucketSpec

REPOSITORY = Path(__file__).resolve().parents[3]
DEMO = REPOSITORY / "mixpeek_orchestration/cli/demo.yaml"

GOOD: dict[str, Any] = {
    "namespace": "default",
    "buckets": [
        {
            "bucket_name": "notes",
            "bucket_schema": {"properties": {"body": {"type": "text"}, "t": {"type": "string"}}},
        }
    ],
    "collections": [
        {
            "collection_name": "lines",
            "source": {"type": "bucket", "bucket_ids": ["notes"]},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
        },
        {
            "collection_name": "again",
            "source": {"type": "collection", "collection_id": "lines"},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "1.0.0"},
        },
    ],
    "retrievers": [
        {
            "retriever_name": "search",
            "collection_identifiers": ["again"],
            "stages": [
                {
                    "stage_name": "semantic",
                    "config": {
                        "stage_id": "feature_search",
                        "parameters": {
                            "searches": [
                                {
                                    "feature_uri": "mixpeek://word_vectors@v1/word_vectors_embedding",
                                    "query": "{{INPUT.query}}",
                                }
                            ]
                        },
                    },
                }
            ],
        }
    ],
}


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    """The good manifest with one place changed; `...` removes it."""
    manifest = copy.deepcopy(GOOD)
    place: Any = manifest
    for part in path[:-1]:
        place = place[part]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return manifest


CASES = [
    (["namespace"], ..., True),
    (["buckets", 0, "description"], "what people write down", True),
    (["collections", 0, "source", "bucket_id"], "notes", True),
    (["collections", 1, "enabled"], False, True),
    (["collections", 0, "schedule"], None, True),
    (["collections", 0, "feature_extractor", "params"], {"split_lines": True}, True),
    (
        ["retrievers", 0, "stages", 0, "config"],
        {
            "stage_name": "feature_search",
            "parameters": GOOD["retrievers"][0]["stages"][0]["config"]["parameters"],
        },
        True,
    ),
    (["buckets", 0, "colour"], "red", False),
    (["buckets", 0, "bucket_name"], ..., False),
    (["buckets", 0, "bucket_name"], "", False),
    (["buckets", 0, "bucket_schema"], {"properties": {}}, False),
    (["buckets", 0, "bucket_schema", "properties", "body", "type"], "txt", False),
    (["buckets", 0, "ingest_filter"], {"retriever_id": "r"}, False),
    (["collections", 0, "source", "type"], "taxonomy", False),
    (["collections", 0, "source", "bucket_ids"], [], False),
    (["collections", 0, "source", "bucket_ids"], ..., False),
    (["collections", 0, "source", "collection_ids"], ["lines"], False),
    (["collections", 0, "feature_extractor", "version"], "latest", False),
    (["collections", 0, "feature_extractor", "feature_name"], "x", False),
    (["collections", 0, "schedule"], {"trigger_type": "cron"}, False),
    (["retrievers", 0, "stages"], [], False),
    (["retrievers", 0, "stages", 0, "colour"], "red", False),
    (["retrievers", 0, "stages", 0, "stage_name"], ..., False),
    (["retrievers", 0, "stages", 0, "config", "stage_id"], "rerank", False),
    (["retrievers", 0, "stages", 0, "config", "parameters", "searches", 0, "feature_uri"], ..., False),
    (["retrievers", 0, "stages", 0, "config", "parameters", "fussion"], "rrf", False),
]


@pytest.mark.parametrize(("path", "value", "accepted"), CASES)
def test_the_schema_accepts_and_refuses_what_apply_does(
    lab: Lab, path: list[Any], value: Any, accepted: bool
) -> None:
    """For every case the editors' schema and `apply` agree, and a refusal stores nothing."""
    manifest = changed(path, value)
    validator = jsonschema.Draft202012Validator(schema())
    assert validator.is_valid(manifest) is accepted
    if accepted:
        lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, manifest))
        return
    with pytest.raises(MixpeekError) as caught:
        lab.warehouse.declarations.check(validated(Manifest, manifest))
    assert caught.value.field
    assert [b.name for b in lab.warehouse.buckets.all(lab.namespace_id)] == ["texts"]


def test_the_committed_schema_is_the_one_that_parses() -> None:
    """The file that editors point at is generated; `mixpeek schema` writes it anew."""
    committed = json.loads((REPOSITORY / "docs/reference/mixpeek.schema.json").read_text())
    assert committed == schema()


def test_the_demo_is_a_short_file_that_its_schema_accepts() -> None:
    """The demo's declarations have fewer than 30 lines and pass the schema."""
    text = DEMO.read_text()
    assert len(text.splitlines()) < 30
    jsonschema.validate(yaml.safe_load(text), schema())


def test_apply_says_first_and_then_does_it_once(lab: Lab) -> None:
    """The changes told are the changes made; applying again changes nothing."""
    manifest = validated(Manifest, GOOD)
    told = lab.warehouse.declarations.changes(lab.namespace_id, manifest)
    done = lab.warehouse.declarations.apply(lab.namespace_id, manifest)
    assert told == done
    assert [change.line for change in done] == [
        "+ bucket notes (create)",
        "+ collection lines (create)",
        "+ collection again (create)",
        "+ retriever search (create)",
    ]
    revision = lab.warehouse.catalog.resources.revision()
    again = lab.warehouse.declarations.apply(lab.namespace_id, manifest)
    assert {change.action for change in again} == {"unchanged"}
    assert lab.warehouse.catalog.resources.revision() == revision


def test_an_edited_declaration_updates_its_resource(lab: Lab) -> None:
    """Only the resource that differs is updated, under its old id."""
    lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, GOOD))
    before = lab.warehouse.buckets.get(lab.namespace_id, "notes")
    edited = validated(Manifest, changed(["buckets", 0, "description"], "better"))
    actions = [change.action for change in lab.warehouse.declarations.apply(lab.namespace_id, edited)]
    after = lab.warehouse.buckets.get(lab.namespace_id, "notes")
    assert actions == ["update", "unchanged", "unchanged", "unchanged"]
    assert (after.bucket_id, after.description) == (before.bucket_id, "better")


def test_a_resource_of_another_owner_is_not_changed(lab: Lab) -> None:
    """What HTTP made, YAML does not take over."""
    spec = BucketSpec(bucket_name="notes", bucket_schema={"properties": {"body": {"type": "text"}}})
    lab.warehouse.buckets.create(lab.namespace_id, spec)
    with pytest.raises(ManagedElsewhere, match="managed by api"):
        lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, GOOD))


def test_a_file_may_use_what_it_makes(lab: Lab) -> None:
    """An existing collection reads a bucket that the same file adds."""
    lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, GOOD))
    grown = copy.deepcopy(GOOD)
    grown["buckets"].append({**GOOD["buckets"][0], "bucket_name": "more"})
    grown["collections"][0]["source"]["bucket_ids"] = ["notes", "more"]
    lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, grown))
    more = lab.warehouse.buckets.get(lab.namespace_id, "more").bucket_id
    assert more in lab.warehouse.collections.get(lab.namespace_id, "lines").source.ids


def test_a_property_that_is_read_cannot_change_its_type(lab: Lab) -> None:
    """Columns of existing documents would no longer fit; the conflict names the property and its readers."""
    lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, GOOD))
    edited = changed(["buckets", 0, "bucket_schema", "properties", "t", "type"], "integer")
    with pytest.raises(Conflict, match="lines"):
        lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, edited))


def test_a_circle_in_a_file_is_named(lab: Lab) -> None:
    """Collections of one file that read each other are refused before anything is made."""
    manifest = changed(["collections", 0, "source"], {"type": "collection", "collection_ids": ["again"]})
    with pytest.raises(Cycle, match="again"):
        lab.warehouse.declarations.apply(lab.namespace_id, validated(Manifest, manifest))
    assert lab.warehouse.collections.all(lab.namespace_id) == []


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "\x00"])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    """Broken YAML, or YAML that is no mapping, is told by file."""
    path = tmp_path / "mixpeek.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput):
        read_manifest(path)
