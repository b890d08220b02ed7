"""One content hash for declarations that say the same, in any spelling and order."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assets_tests.unit.declarations.specs import manifests
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.declared import Bucket, Collection, Declarations, Retriever
from mixpeek_orchestration.declared.modules import gathered
from mixpeek_orchestration.warehouse.declarations.canonical import content_hash
from mixpeek_orchestration.warehouse.declarations.exports import exported_text
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest, read_manifest


def as_objects(data: dict[str, Any]) -> list[Any]:
    """The same resources as Python objects that refer to each other."""
    data = copy.deepcopy(data)
    made: dict[str, Any] = {}
    for body in data["buckets"]:
        name, schema = body.pop("bucket_name"), body.pop("bucket_schema")
        made[name] = Bucket(name, schema["properties"], **body)
    for body in data["collections"]:
        name, source, extractor = (
            body.pop(key) for key in ("collection_name", "source", "feature_extractor")
        )
        read = [made[one] for one in source[f"{source['type']}_ids"]]
        called = extractor.pop("feature_extractor_name")
        version = extractor.pop("version", None)
        made[name] = Collection(name, read, f"{called}@{version}" if version else called, **extractor, **body)
    searches = [
        Retriever(
            body.pop("retriever_name"),
            [made[one] for one in body.pop("collection_identifiers")],
            body.pop("stages"),
            **body,
        )
        for body in data["retrievers"]
    ]
    return [*made.values(), *searches]


def otherwise_spelled(data: dict[str, Any], draw: Any) -> dict[str, Any]:
    """The same in older spellings, with its resources in another order."""
    data = copy.deepcopy(data)
    for body in data["collections"]:
        extractor, source = body["feature_extractor"], body["source"]
        if "parameters" in extractor and draw(st.booleans()):
            extractor["params"] = extractor.pop("parameters")
        if "version" in extractor:
            extractor["version"] = draw(st.sampled_from(["v1", "1", "1.0.0"]))
        many = source[f"{source['type']}_ids"]
        if len(many) == 1 and draw(st.booleans()):
            source[f"{source['type']}_id"] = source.pop(f"{source['type']}_ids")[0]
    for body in data["retrievers"]:
        if draw(st.booleans()):
            body["collection_ids"] = body.pop("collection_identifiers")
        for stage in body["stages"]:
            if draw(st.booleans()):
                stage |= stage.pop("config")
    return {
        **data,
        "buckets": draw(st.permutations(data["buckets"])),
        "retrievers": draw(st.permutations(data["retrievers"])),
    }


@settings(max_examples=20)
@given(data=manifests(), choose=st.data())
def test_what_says_the_same_has_one_hash(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any], choose: st.DataObject
) -> None:
    """Plain data, its YAML in older spellings, Python objects and the export of the manifest agree."""
    path = tmp_path_factory.getbasetemp() / "mixpeek.yaml"
    said = content_hash(validated(Manifest, data))
    path.write_text(yaml.safe_dump(otherwise_spelled(data, choose.draw), allow_unicode=True))
    assert content_hash(read_manifest(path)) == said
    objects = choose.draw(st.permutations(as_objects(data)))
    assert content_hash(Declarations(*objects).manifest()) == said
    assert content_hash(gathered({str(i): one for i, one in enumerate(objects)}, "test").manifest()) == said
    path.write_text(exported_text(validated(Manifest, data)))
    assert content_hash(read_manifest(path)) == said


@settings(max_examples=20)
@given(data=manifests(), other=manifests())
def test_what_says_something_else_has_another_hash(data: dict[str, Any], other: dict[str, Any]) -> None:
    """The hash tells manifests apart that differ in one description."""
    base = content_hash(validated(Manifest, data))
    data["buckets"][0]["description"] = "another one, never drawn"
    assert content_hash(validated(Manifest, data)) != base
    assert content_hash(validated(Manifest, other)) != content_hash(validated(Manifest, data))


def test_a_date_in_yaml_is_the_text_that_it_is_in_json(tmp_path: Path) -> None:
    """YAML would make it a date, which no other way of declaring knows."""
    path = tmp_path / "mixpeek.yaml"
    path.write_text(
        "buckets: [{bucket_name: a, bucket_schema: {properties: {t: {type: date, default: 2024-01-02}}}}]"
    )
    assert read_manifest(path).buckets[0].bucket_schema.properties["t"].default == "2024-01-02"
