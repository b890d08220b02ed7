"""A schema mapping says what of a file becomes which property and which field of its object."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from assets_tests.unit.syncs.conftest import Followed
from mixpeek_orchestration.core.bucket import Property
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.syncs.filters import Place, place_for
from mixpeek_orchestration.core.syncs.mapping import FieldMapping, Labels, SchemaMapping, mapped_fields
from mixpeek_orchestration.core.syncs.sync import SyncRules
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.stores.sources import open_source
from mixpeek_orchestration.warehouse.syncs.mapping_specs import SchemaMappingSpec, mapping_wire
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec, SyncUpdateSpec, spec_of
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PATH = "Marketing/Campaigns/Q4/2024-01-15_Notes.md"
LABELS = Labels({"Team": "Blue"}, {"author": "Jo"})


def mapping(**entries: dict[str, Any]) -> SchemaMapping:
    return validated(SchemaMappingSpec, {"mappings": entries}).mapping


@pytest.mark.parametrize(
    ("entry", "declared", "value"),
    [
        ({"source": {"type": "folder_path"}}, "string", "Q4"),
        ({"source": {"type": "folder_path", "segment": 0}, "transform": "lowercase"}, "string", "marketing"),
        ({"source": {"type": "folder_path", "segment": -2}}, "string", "Campaigns"),
        ({"source": {"type": "folder_path", "segment": 7}}, "string", None),
        ({"source": {"type": "folder_path", "full_path": True}}, "string", "Marketing/Campaigns/Q4"),
        ({"source": {"type": "filename_regex", "pattern": r"^(\d{4})-"}}, "integer", 2024),
        ({"source": {"type": "filename_regex", "pattern": r"\.(\w+)$"}, "transform": "uppercase"}, "", "MD"),
        ({"source": {"type": "filename_regex", "pattern": "^(IMG)"}}, "string", None),
        ({"source": {"type": "filename_regex", "pattern": "^(IMG)", "default": "?"}}, "string", "?"),
        ({"source": {"type": "constant", "value": ["a", "b"]}}, "array", ["a", "b"]),
        ({"source": {"type": "constant", "value": ' {"a": 1} '}, "transform": "json_parse"}, "", {"a": 1}),
        ({"source": {"type": "constant", "value": " x "}, "transform": "trim"}, "string", "x"),
        ({"source": {"type": "constant", "value": "Yes"}}, "boolean", True),
        ({"source": {"type": "tag", "key": "Team"}}, "string", "Blue"),
        ({"source": {"type": "tag", "key": "team"}}, "string", None),
        ({"source": {"type": "metadata", "key": "Author"}}, "string", "Jo"),
    ],
)
def test_a_field_comes_from_the_name_the_place_or_the_labels(
    entry: dict[str, Any], declared: str, value: Any
) -> None:
    """In the declared type; one without a value is left out. What is written back means the same."""
    said = mapping(field=entry)
    found = mapped_fields(said, PATH, LABELS, {"field": declared})
    assert found == ({} if value is None else {"field": value})
    assert validated(SchemaMappingSpec, mapping_wire(said)).mapping == said


@pytest.mark.parametrize(
    ("field", "declared", "told"),
    [
        (FieldMapping("year", "folder_path"), "integer", "to be integer"),
        (FieldMapping("more", "folder_path", transform="json_parse"), "string", "to be JSON"),
        (FieldMapping("team", "tag", "Nobody", required=True), "string", "no value for the required"),
    ],
)
def test_what_cannot_be_mapped_costs_the_file(field: FieldMapping, declared: str, told: str) -> None:
    """The error names the field."""
    with pytest.raises(InvalidInput, match=told) as raised:
        mapped_fields(SchemaMapping(fields=(field,)), PATH, LABELS, {field.name: declared})
    assert raised.value.field == f"schema_mapping.{field.name}"


def test_a_file_goes_to_the_first_property_that_fits_it() -> None:
    """By its own name or the contract's default one, by type or as it is told; a type that none takes has no place."""
    properties = {"body": Property("text"), "content": Property("image"), "clip": Property("video")}

    def place(path: str, **entries: dict[str, Any]) -> Place | None:
        return place_for(properties, path, SyncRules("/place", mapping=mapping(**entries)))

    file = {"source": {"type": "file"}}
    assert place("a.md", body=file, picture=file) == Place("body", "text/markdown")
    assert place("a.png", body=file, picture=file) == Place("content", "image/png")
    assert place("a.png", body=file) is None
    assert place("a.md", x={**file, "blob_property": "body"}) == Place("body", "text/markdown")
    assert place("a.bin", clip={**file, "blob_type": "video"}) == Place("clip", "")
    assert place("a.bin", clip={**file, "mime_type_override": "video/mp4"}) == Place("clip", "video/mp4")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"source": {"type": "column", "name": "X"}}, "not built"),
        ({"source": {"type": "nothing"}}, "none of file"),
        ({"source": {"type": "filename_regex", "pattern": "a"}}, "exactly one capture group"),
        ({"source": {"type": "filename_regex", "pattern": "("}}, "no regular expression"),
        ({"source": {"type": "constant", "value": None}}, "is nothing"),
        ({"source": {"type": "folder_path", "segmnt": 0}}, "segmnt"),
        ({"source": {"type": "file"}, "blob_typ": "text"}, "blob_typ"),
        ({"source": {"type": "constant", "value": 1}, "transform": "rot13"}, "lowercase"),
        ({}, "source"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(entry: dict[str, Any], told: str) -> None:
    """With the field, and what is known there."""
    with pytest.raises(InvalidInput, match=told) as raised:
        mapping(field=entry)
    assert str(raised.value.field).startswith("mappings.field")


@pytest.mark.parametrize(
    "entries",
    [
        {"nothing": {"source": {"type": "file"}}},
        {"body": {"source": {"type": "file"}, "blob_type": "image"}},
        {"body": {"target_type": "field", "source": {"type": "constant", "value": 1}}},
        {"document_id": {"source": {"type": "constant", "value": 1}}},
        {"team": {"source": {"type": "tag", "key": "team"}}},
    ],
)
def test_a_mapping_must_fit_the_bucket_and_the_source(followed: Followed, entries: dict[str, Any]) -> None:
    """No such property, another type, a blob as a field, a reserved name, tags of a folder: all name the mapping."""
    with pytest.raises(InvalidInput) as raised:
        followed.follow(schema_mapping={"mappings": entries})
    assert raised.value.field == f"schema_mapping.mappings.{next(iter(entries))}"


def test_objects_have_the_mapped_fields_and_get_others_with_another_mapping(followed: Followed) -> None:
    """A changed mapping reads every file again; what came out equal goes into no batch; a file without a required
    field is a dead letter."""
    followed.write("red/a.md", "alpha")
    followed.write("b.md", "beta")
    followed.collection()
    team = {"source": {"type": "folder_path", "segment": 0}}
    sync = followed.follow(schema_mapping={"mappings": {"team": team}})
    followed.run(sync)
    page = followed.warehouse.objects.page(followed.bucket)
    assert {one.metadata["path"]: one.metadata.get("team") for one in page} == {
        "red/a.md": "red",
        "b.md": None,
    }

    another = SyncUpdateSpec(schema_mapping={"mappings": {"team": {**team, "transform": "uppercase"}}})
    followed.warehouse.syncs.update(followed.state(sync), another)
    assert followed.run(sync).synced == 1
    assert followed.warehouse.objects.page(followed.bucket)[0].metadata.keys() >= {"path", "title"}
    assert followed.submitted[-1].object_count == 1
    required = SyncUpdateSpec(schema_mapping={"mappings": {"team": {**team, "required": True}}})
    followed.warehouse.syncs.update(followed.state(sync), required)
    followed.run(sync)
    assert followed.warehouse.syncs.dead_by_error(sync) == {"invalid_input": 1}


def test_labels_of_objects_on_s3_become_fields(followed: Followed, s3_options: dict[str, Any]) -> None:
    """Tags and user metadata; they are asked for only where a mapping wants them."""
    import s3fs

    remote = s3fs.S3FileSystem(**s3_options)
    key = f"{followed.folder.parent.name}/labelled/a.md"
    remote.call_s3("put_object", Bucket="warehouse", Key=key, Body=b"alpha", Metadata={"Author": "Jo"})
    tags = {"TagSet": [{"Key": "Team", "Value": "Blue"}]}
    remote.call_s3("put_object_tagging", Bucket="warehouse", Key=key, Tagging=tags)
    parts = replace(followed.warehouse.parts, open_source=partial(open_source, options=s3_options))
    entries = {
        "team": {"source": {"type": "tag", "key": "Team"}},
        "author": {"source": {"type": "metadata", "key": "author"}},
    }
    sync = followed.follow(
        f"s3://warehouse/{key.removesuffix('/a.md')}", schema_mapping={"mappings": entries}
    )
    Warehouse(parts).syncs.run(sync.sync_id)
    (made,) = followed.warehouse.objects.page(followed.bucket)
    assert (made.metadata["team"], made.metadata["author"]) == ("Blue", "Jo")


def test_a_mapping_survives_being_written_down(followed: Followed) -> None:
    """In the catalog, in a manifest, in an answer."""
    entries = {
        "body": {"source": {"type": "file"}},
        "kind": {"source": {"type": "filename_regex", "pattern": r"(\w+)$", "default": "none"}},
    }
    sync = followed.follow(schema_mapping={"mappings": entries})
    rules = followed.state(sync).rules
    assert (rules, SyncSpec(**spec_of(rules)).rules) == (sync.rules, sync.rules)
    assert spec_of(rules)["schema_mapping"] == {
        "mappings": {
            name: {"target_type": target, **entries[name]}
            for name, target in (("body", "blob"), ("kind", "field"))
        }
    }
