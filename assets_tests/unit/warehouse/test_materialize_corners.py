"""What happens at the edges of a materialization: inputs that vanish, definitions that change, crashes between steps."""

from __future__ import annotations

import pytest

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, LeaseHeld
from mixpeek_orchestration.warehouse.buckets.folders import Document, ingest, remove_missing
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.specs import BatchSpec, BucketSpec, CollectionSpec, ObjectSpec


def test_an_object_that_loses_its_text_loses_its_documents(lab: Lab) -> None:
    """What can no longer be read has no documents: nothing of the old text stays searchable."""
    object_id = lab.put("a", "one")
    collection = lab.collection(input_mappings={"text": "body"})
    lab.run(collection)
    lab.warehouse.objects.replace(lab.bucket, object_id, ObjectSpec(metadata={"title": "bare"}))
    report = lab.run(collection)
    assert (report.missing_input, report.deleted) == (1, 1)
    assert lab.rows(collection) == []


def test_a_collection_told_to_read_another_field_is_stale(lab: Lab) -> None:
    """Changed mappings are extracted again, changed passthrough is patched, without any object being edited."""
    lab.put("a", "one", title="A", rank=3)
    old = lab.collection()
    lab.run(old)
    extractor = {
        "feature_extractor_name": "word_vectors",
        "version": "v1",
        "parameters": {"split_lines": True},
        "field_passthrough": [{"source_path": "rank"}],
    }
    source = {"type": "bucket", "bucket_ids": ["texts"]}
    spec = CollectionSpec(collection_name="lines", source=source, feature_extractor=extractor)
    carried = lab.warehouse.collections.update(old, spec, managed_by="api")
    assert lab.run(carried).patched == 1
    assert [(row["rank"], row["title"]) for row in lab.rows(carried)] == [(3, None)]
    extractor["input_mappings"] = {"text": "title"}
    spec = CollectionSpec(collection_name="lines", source=source, feature_extractor=extractor)
    mapped = lab.warehouse.collections.update(carried, spec, managed_by="api")
    assert lab.run(mapped).reasons == {"input_changed": 1}
    assert [row["text"] for row in lab.rows(mapped)] == ["A"]


def test_an_object_that_vanishes_during_a_run_is_left_out(lab: Lab) -> None:
    """A delete between plan and extraction is neither a failure nor a cancellation."""
    ids = [lab.put(str(n), f"text {n}") for n in range(3)]
    collection = lab.collection()
    batch = lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=ids, auto_submit=True))
    make_job = lab.warehouse.parts.make_job

    def deleting(planned):
        lab.warehouse.catalog.objects.delete(lab.bucket.bucket_id, [ids[1]])
        return make_job(planned)

    object.__setattr__(lab.warehouse.parts, "make_job", deleting)
    report = lab.run(collection, [batch.batch_id])
    assert (report.fetched, report.written, report.not_run, report.outcome) == (2, 2, 0, "COMPLETED")
    assert lab.warehouse.batches.get(lab.bucket, batch.batch_id).status == "COMPLETED"


def test_a_canceled_batch_is_not_extracted(lab: Lab) -> None:
    """Cancel before the run starts means that nothing runs."""
    object_id = lab.put("a", "one")
    collection = lab.collection()
    batch = lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=[object_id], auto_submit=True))
    lab.warehouse.batches.cancel(lab.bucket, batch.batch_id)
    report = lab.run(collection, [batch.batch_id])
    assert (report.fetched, report.written) == (0, 0)
    assert lab.rows(collection) == []
    assert lab.warehouse.batches.get(lab.bucket, batch.batch_id).status == "CANCELED"


def test_deleting_reaches_disabled_collections(lab: Lab) -> None:
    """The removal batch names every collection below the bucket, enabled or not."""
    object_id = lab.put("a", "one")
    spec = CollectionSpec(
        collection_name="off",
        source={"type": "bucket", "bucket_ids": ["texts"]},
        feature_extractor={"feature_extractor_name": "word_vectors", "version": "v1"},
        enabled=False,
    )
    collection = lab.warehouse.collections.create(lab.namespace_id, spec)
    lab.run(collection)
    batch = lab.warehouse.objects.delete(lab.bucket, object_id)
    assert batch is not None
    assert batch.collection_ids == (collection.collection_id,)
    assert lab.run(collection, [batch.batch_id]).deleted == 1


def test_skipping_duplicates_skips_the_same_content_only(lab: Lab) -> None:
    """The first object with the same bytes stays as it is; objects without content are never the same."""
    same = {"blobs": [{"property": "body", "data": "one"}], "skip_duplicates": True}
    first = lab.warehouse.objects.put(lab.bucket, ObjectSpec(**same, metadata={"title": "first"}))
    second = lab.warehouse.objects.put(lab.bucket, ObjectSpec(**same, metadata={"title": "second"}))
    assert (second.change, second.object.metadata["title"]) == ("unchanged", "first")
    assert second.object.object_id == first.object.object_id
    bare = [
        lab.warehouse.objects.put(lab.bucket, ObjectSpec(metadata={"title": t}, skip_duplicates=True))
        for t in ("a", "b")
    ]
    assert bare[0].object.object_id != bare[1].object.object_id


def test_a_refused_file_is_not_a_deleted_one(lab: Lab) -> None:
    """Only objects whose file is gone are removed; one whose file is empty now keeps what it had."""
    texts = [Document("a.md", "one"), Document("b.md", "two"), Document("c.md", "three")]
    ingest(lab.warehouse.objects, lab.bucket, texts, property_name="body")
    again = ingest(lab.warehouse.objects, lab.bucket, [texts[0], Document("b.md", " ")], property_name="body")
    assert remove_missing(lab.warehouse.objects, lab.bucket, again) == 1
    assert sorted(obj.key or "" for obj in lab.warehouse.objects.page(lab.bucket)) == [
        "path:a.md",
        "path:b.md",
    ]


@pytest.mark.parametrize("metadata", [{"document_id": "mine"}, {"a.b": 1}, {"rank": 2**63}])
def test_metadata_that_no_table_could_hold_is_refused_at_the_door(
    lab: Lab, metadata: dict[str, object]
) -> None:
    """One object's odd field must not stop a whole collection later."""
    with pytest.raises(InvalidInput):
        lab.warehouse.objects.put(lab.bucket, ObjectSpec(metadata=metadata))


def test_replacing_an_object_keeps_its_unique_key(lab: Lab) -> None:
    """A put under an old id cannot take another object's key."""
    spec = BucketSpec(
        bucket_name="keyed",
        bucket_schema={"properties": {"sku": {"type": "string"}}},
        unique_key={"fields": ["sku"]},
    )
    bucket = lab.warehouse.buckets.create(lab.namespace_id, spec)
    put = lab.warehouse.objects.put(bucket, ObjectSpec(metadata={"sku": "A"}))
    with pytest.raises(Conflict, match="unique key"):
        lab.warehouse.objects.replace(bucket, put.object.object_id, ObjectSpec(metadata={"sku": "B"}))


def test_a_lease_that_was_not_renewed_in_time_is_not_trusted(lab: Lab) -> None:
    """A writer that slept past its lease stops before it writes, without waiting for the heartbeat to notice."""
    with hold(lab.warehouse.catalog.leases, "write:x") as held:
        held.valid_until = 0.0
        with pytest.raises(LeaseHeld):
            held.check()
