"""What is refused, with field, value and what to do; and that nothing is stored then."""

from __future__ import annotations

from typing import Any

import pytest

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.core.errors import (
    Conflict,
    Cycle,
    InvalidInput,
    MixpeekError,
    NameConflict,
    NotFound,
    TooLarge,
    UnknownField,
    Unsupported,
)
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.specs import (
    BatchSpec,
    BucketSpec,
    CollectionSpec,
    ObjectSpec,
    UploadSpec,
)

TEXT = {"properties": {"body": {"type": "text"}}}


@pytest.mark.parametrize(
    ("data", "error", "field"),
    [
        ("", InvalidInput, "blobs.0.data"),
        ("  \n ", InvalidInput, "blobs.0.data"),
        ("bin\x00ary", InvalidInput, "blobs.0.data"),
        ("\ufffd" * 50, InvalidInput, "blobs.0.data"),
        ("\ud800", InvalidInput, "blobs.0.data"),
        ("x" * 10_000_001, TooLarge, "blobs.0.data"),
    ],
)
def test_text_that_is_not_text_is_refused(lab: Lab, data: str, error: type[MixpeekError], field: str) -> None:
    """Empty, binary, broken or too long text is refused by name, and the bucket stays as it was."""
    with pytest.raises(error) as caught:
        lab.warehouse.objects.put(lab.bucket, ObjectSpec(blobs=[{"property": "body", "data": data}]))
    assert caught.value.field == field
    assert caught.value.fix
    assert lab.warehouse.buckets.counts(lab.bucket).objects == 0


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"blobs": [{"property": "nope", "data": "x"}]}, "blobs.0.property"),
        ({"blobs": [{"property": "title", "data": "x"}]}, "blobs.0.property"),
        ({"blobs": [{"property": "body", "type": "image", "data": "x"}]}, "blobs.0.type"),
        (
            {"blobs": [{"property": "body", "data": "x", "checksum": "sha256:" + "0" * 64}]},
            "blobs.0.checksum",
        ),
        ({"metadata": {"rank": "first"}}, "rank"),
        ({"metadata": {"rank": True}}, "rank"),
        ({"metadata": {"_mine": 1}}, "_mine"),
        ({"metadata": {"x": float("nan")}}, None),
    ],
)
def test_an_object_that_does_not_fit_its_bucket_is_refused(
    lab: Lab, spec: dict[str, Any], field: str | None
) -> None:
    """Unknown properties, wrong types and reserved names are refused by name."""
    with pytest.raises(InvalidInput) as caught:
        lab.warehouse.objects.put(lab.bucket, ObjectSpec(**spec))
    assert caught.value.field == field
    assert lab.warehouse.buckets.counts(lab.bucket).objects == 0


def test_names_that_differ_only_in_separators_clash(lab: Lab) -> None:
    """A name with spaces, hyphens or umlauts is fine alone, and refused beside one that differs only in them."""
    lab.warehouse.buckets.create(lab.namespace_id, BucketSpec(bucket_name="Müller daten", bucket_schema=TEXT))
    for alike in ("muller-daten", "MULLER_DATEN", "Müller Daten"):
        with pytest.raises(NameConflict, match="Müller daten"):
            lab.warehouse.buckets.create(lab.namespace_id, BucketSpec(bucket_name=alike, bucket_schema=TEXT))


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"feature_extractor_name": "word_vektors"}, InvalidInput, "word_vectors"),
        ({"version": "v9"}, InvalidInput, "v1"),
        ({"parameters": {"split_linse": True}}, InvalidInput, "split_linse"),
        ({"parameters": {"split_lines": "perhaps"}}, InvalidInput, "split_lines"),
        ({"input_mappings": {"txt": "body"}}, InvalidInput, "text"),
        ({"input_mappings": {"text": "bodyy"}}, InvalidInput, "body"),
        ({"field_passthrough": [{"source_path": "nope"}]}, InvalidInput, "nope"),
        ({"field_passthrough": [{"source_path": "title", "target_path": "text"}]}, InvalidInput, "text"),
        ({"field_passthrough": [{"source_path": "title", "target_path": "_batch"}]}, InvalidInput, "_batch"),
    ],
)
def test_a_collection_that_cannot_work_is_refused(
    lab: Lab, change: dict[str, Any], error: type[MixpeekError], told: str
) -> None:
    """Unknown extractor, version, parameter, input or field: refused before anything is stored, telling what there is."""
    with pytest.raises(error) as caught:
        lab.collection("refused", **change)
    assert told in f"{caught.value} {caught.value.details()}"
    assert lab.warehouse.collections.all(lab.namespace_id) == []


def test_a_circle_of_collections_is_refused(lab: Lab) -> None:
    """A collection that would read from itself through others is a `Cycle` that names them."""
    lab.collection("a")
    lab.collection("b", source="a")
    old = lab.warehouse.collections.get(lab.namespace_id, "a")
    spec = CollectionSpec(
        collection_name="a",
        source={"type": "collection", "collection_ids": ["b"]},
        feature_extractor={"feature_extractor_name": "word_vectors", "version": "v1"},
    )
    with pytest.raises(Cycle, match="a"):
        lab.warehouse.collections.update(old, spec, managed_by="api")


def test_what_is_not_there_is_not_found(lab: Lab) -> None:
    """Buckets, objects, batches and collections that do not exist are told by name."""
    lab.collection()
    with pytest.raises(NotFound, match="nope"):
        lab.warehouse.buckets.get(lab.namespace_id, "nope")
    with pytest.raises(NotFound, match="obj_nope"):
        lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=["obj_nope"]))
    with pytest.raises(NotFound, match="btch_nope"):
        lab.warehouse.batches.submit(lab.bucket, "btch_nope")
    with pytest.raises(NotFound, match="nope"):
        lab.collection("x", source="nope")


def test_what_is_read_by_others_is_not_deleted(lab: Lab) -> None:
    """A bucket or collection with readers is a conflict that names them."""
    lab.collection("a")
    lab.collection("b", source="a")
    with pytest.raises(Conflict, match="a"):
        lab.warehouse.buckets.delete(lab.namespace_id, "texts")
    with pytest.raises(Conflict, match="b"):
        lab.warehouse.collections.delete(lab.namespace_id, "a")


def test_unknown_and_unbuilt_fields_are_told_apart() -> None:
    """An unknown field is `extra_forbidden`; one of the contract that is not built yet is `unsupported`."""
    with pytest.raises(UnknownField) as unknown:
        validated(BucketSpec, {"bucket_name": "b", "bucket_schema": TEXT, "colour": "red"})
    assert (unknown.value.field, unknown.value.value) == ("colour", "red")
    with pytest.raises(Unsupported) as later:
        validated(
            BucketSpec, {"bucket_name": "b", "bucket_schema": TEXT, "ingest_filter": {"retriever_id": "r"}}
        )
    assert later.value.field == "ingest_filter"


def test_an_upload_belongs_to_its_bucket(lab: Lab) -> None:
    """A blob cannot name the upload of another bucket: for that bucket it does not exist."""
    other = lab.warehouse.buckets.create(
        lab.namespace_id, BucketSpec(bucket_name="other", bucket_schema=TEXT)
    )
    announced = lab.warehouse.uploads.create(other, UploadSpec(filename="a.txt", content_type="text/plain"))
    lab.warehouse.uploads.receive(announced.upload.upload_id, announced.token, b"secret")
    blob = {"property": "body", "upload_id": announced.upload.upload_id}
    with pytest.raises(NotFound):
        lab.warehouse.objects.put(lab.bucket, ObjectSpec(blobs=[blob]))
    assert lab.warehouse.objects.put(other, ObjectSpec(blobs=[blob])).change == "created"
