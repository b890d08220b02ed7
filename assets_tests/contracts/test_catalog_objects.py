"""The contract of `ObjectCatalog`."""

from __future__ import annotations

import polars as pl
import pytest

from assets_tests.contracts.catalog_values import BUCKET, source_object
from mixpeek_orchestration.core.bucket import BucketCounts
from mixpeek_orchestration.core.object import Blob, SourceObject
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.source_objects import ObjectCatalog

MANY = 33_000
"""More than the 32,766 parameters that SQLite binds in one statement."""


@pytest.fixture
def objects(catalog: Catalog) -> ObjectCatalog:
    """The objects of an empty catalog."""
    return catalog.objects


def _image(number: int) -> Blob:
    return Blob(f"image_{number}", "picture", "image", "f" * 64, 1000, "image/png")


def test_an_object_comes_back_equal(objects: ObjectCatalog) -> None:
    """Blobs, metadata and key are read back equal; timestamps and source fingerprint are set."""
    objects.put([source_object(1, metadata={"nested": {"list": [1, None, "ü", "\x00"]}})])
    found = objects.get(BUCKET, "obj_000001")
    assert found is not None
    assert found.blobs == source_object(1).blobs
    assert found.metadata == {"nested": {"list": [1, None, "ü", "\x00"]}}
    assert found.key == "/files/1.md"
    assert found.created_at == found.updated_at != ""
    assert objects.get("bkt_other", "obj_000001") is None
    assert objects.get_many(["obj_000001", "obj_none"]) == {"obj_000001": found}


def test_replacing_keeps_the_first_arrival(objects: ObjectCatalog) -> None:
    """A put over an id replaces everything but `created_at` and the place in the order."""
    objects.put([source_object(1, created_at="2020-01-01T00:00:00+00:00"), source_object(2)])
    objects.put([source_object(1, metadata={"new": True}, created_at="2021-01-01T00:00:00+00:00")])
    found = objects.get(BUCKET, "obj_000001")
    assert found is not None
    assert (found.metadata, found.created_at) == ({"new": True}, "2020-01-01T00:00:00+00:00")
    assert objects.ids(BUCKET) == ["obj_000001", "obj_000002"]


def test_of_the_same_id_twice_the_last_is_kept(objects: ObjectCatalog) -> None:
    """One put with an id twice keeps one object, with the later content."""
    objects.put([source_object(1, metadata={"n": 1}), source_object(1, metadata={"n": 2})])
    assert [o.metadata for o in objects.page(BUCKET)] == [{"n": 2}]


def test_a_put_is_all_or_none(objects: ObjectCatalog) -> None:
    """When one object cannot be stored, none is."""
    unstorable = source_object(2, metadata={"value": object()})
    with pytest.raises(Exception, match="written as JSON"):
        objects.put([source_object(1), unstorable])
    assert objects.ids(BUCKET) == []


def test_putting_nothing_is_fine(objects: ObjectCatalog) -> None:
    """Empty lists are valid everywhere and do nothing."""
    objects.put([])
    assert objects.get_many([]) == {}
    assert objects.delete(BUCKET, []) == 0
    assert objects.frame([]).is_empty()


def test_pages_are_oldest_first(objects: ObjectCatalog) -> None:
    """Pages follow each other in the order of arrival, without gaps."""
    objects.put([source_object(n) for n in (5, 3, 4)])
    objects.put([source_object(n) for n in (2, 1)])
    assert [o.object_id[-1] for o in objects.page(BUCKET, limit=2)] == ["5", "3"]
    assert [o.object_id[-1] for o in objects.page(BUCKET, limit=9, offset=2)] == ["4", "2", "1"]
    assert objects.page(BUCKET, offset=5) == []


def test_a_deleted_object_is_gone_until_it_is_put_again(objects: ObjectCatalog) -> None:
    """Deleting hides an object everywhere and counts live ones only; a put revives it with its first `created_at`."""
    objects.put([source_object(1), source_object(2)])
    first = objects.get(BUCKET, "obj_000001")
    assert objects.delete("bkt_other", ["obj_000001"]) == 0
    assert objects.delete(BUCKET, ["obj_000001", "obj_none"]) == 1
    assert objects.delete(BUCKET, ["obj_000001"]) == 0
    assert objects.get(BUCKET, "obj_000001") is None
    assert objects.get_many(["obj_000001"]) == {}
    assert objects.ids(BUCKET) == ["obj_000002"]
    assert objects.frame([BUCKET])["item"].to_list() == ["obj_000002"]
    assert objects.counts(BUCKET).objects == 1
    objects.put([source_object(1)])
    again = objects.get(BUCKET, "obj_000001")
    assert first is not None
    assert again is not None
    assert (again.created_at, again.blobs) == (first.created_at, first.blobs)


def test_counts_are_of_live_objects(objects: ObjectCatalog) -> None:
    """Counts cover objects, bytes, blobs by type and the last arrival; of an empty bucket they are zero."""
    text = source_object(1).blobs
    objects.put(
        [
            source_object(1, updated_at="2020-01-01T00:00:00+00:00"),
            source_object(2, blobs=(*text, _image(1), _image(2)), updated_at="2021-01-01T00:00:00+00:00"),
            source_object(3, blobs=()),
            source_object(4, bucket_id="bkt_other"),
        ]
    )
    objects.delete(BUCKET, ["obj_000003"])
    assert objects.counts(BUCKET) == BucketCounts(
        2, 2200, {"image": 2, "text": 2}, last_upload_at="2021-01-01T00:00:00+00:00"
    )
    assert objects.counts("bkt_empty") == BucketCounts(0, 0, {})


def test_the_frame_is_what_the_planner_reads(objects: ObjectCatalog) -> None:
    """One row per live object: itself as item and root, its source fingerprint, its properties in order, once each."""
    sources: list[SourceObject] = [
        source_object(1),
        source_object(2, blobs=(_image(1), *source_object(2).blobs, _image(2))),
        source_object(3, blobs=()),
        source_object(4, bucket_id="bkt_two"),
        source_object(5, bucket_id="bkt_three"),
    ]
    objects.put(sources)
    frame = objects.frame([BUCKET, "bkt_two"])
    assert frame.schema == {
        "item": pl.String,
        "root_object": pl.String,
        "source_fp": pl.String,
        "properties": pl.List(pl.String),
    }
    assert frame["item"].to_list() == frame["root_object"].to_list() == [s.object_id for s in sources[:4]]
    assert frame["source_fp"].to_list() == [source.source_fp for source in sources[:4]]
    assert frame["properties"].to_list() == [["text"], ["picture", "text"], [], ["text"]]
    assert objects.frame([BUCKET], object_ids=["obj_000004", "obj_000002"])["item"].to_list() == [
        "obj_000002"
    ]
    assert objects.frame([BUCKET], object_ids=[]).schema == frame.schema


def test_lists_of_ids_may_be_long(objects: ObjectCatalog) -> None:
    """Tens of thousands of objects are put, selected and deleted in one call each."""
    objects.put([source_object(number) for number in range(MANY)])
    ids = [f"obj_{number:06}" for number in range(MANY)]
    assert objects.ids(BUCKET) == ids
    assert objects.frame([BUCKET], object_ids=ids).height == MANY
    assert len(objects.get_many(ids[: MANY - 1])) == MANY - 1
    assert objects.delete(BUCKET, ids[1:]) == MANY - 1
    assert objects.ids(BUCKET) == ids[:1]
