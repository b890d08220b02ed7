"""Frames go into a bucket, and the documents come back as frames of every library."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mixpeek_orchestration.client import Connection, Documents, connect
from mixpeek_orchestration.core.errors import InvalidInput, NotFound
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec

PACKAGES = Path(__file__).parents[2] / "packages"
ROWS = {
    "path": ["a", "b", "c"],
    "text": ["one\ntwo words", "three words here", None],
    "stars": [5, None, 1],
    "seen": [datetime.date(2026, 1, 2), None, None],
}


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A home with a bucket of texts and a collection of its lines."""
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(PACKAGES))
    with connect(tmp_path / "home") as opened:
        warehouse, namespace = opened._warehouse, opened._namespace_id
        properties = {"text": {"type": "text"}, "stars": {"type": "integer"}, "photo": {"type": "image"}}
        warehouse.buckets.create(
            namespace,
            BucketSpec.model_validate({"bucket_name": "texts", "bucket_schema": {"properties": properties}}),
        )
        extractor = {
            "feature_extractor_name": "word_vectors",
            "version": "v1",
            "parameters": {"split_lines": True},
            "input_mappings": {"text": "text"},
            "field_passthrough": [{"source_path": "stars"}],
        }
        spec = {
            "collection_name": "lines",
            "source": {"type": "bucket", "bucket_ids": ["texts"]},
            "feature_extractor": extractor,
        }
        warehouse.collections.create(namespace, CollectionSpec.model_validate(spec))
        yield opened


def lines(connection: Connection) -> Documents:
    """The documents, after a run over what is in the bucket."""
    handle = connection.collection("lines")
    connection._warehouse.materialize(handle.collection.collection_id, None, run_id="test")
    return connection.collection("lines").documents()


@pytest.mark.parametrize(
    "frame_of",
    [
        pytest.param(pa.table, id="arrow"),
        pytest.param(lambda rows: pa.table(rows).to_reader(), id="reader"),
        pytest.param(pd.DataFrame, id="pandas"),
        pytest.param(pl.DataFrame, id="polars"),
        pytest.param(pl.LazyFrame, id="polars-lazy"),
    ],
)
def test_a_row_is_an_object(connection: Connection, frame_of: Callable[[Any], Any]) -> None:
    """Whatever the library, blobs are content, other columns metadata, nulls left out; the same again changes nothing."""
    rows = {**ROWS, "stars": pd.array(ROWS["stars"], dtype="Int64")} if frame_of is pd.DataFrame else ROWS
    bucket = connection.bucket("texts")
    first = bucket.ingest(frame_of(rows), key="path")
    assert first.changes == {"created": 3}
    stored = {o.key: o for o in connection._warehouse.objects.page(bucket.bucket)}
    assert stored["path:a"].metadata == {"path": "a", "stars": 5, "seen": "2026-01-02"}
    assert stored["path:b"].metadata == {"path": "b"}
    assert [len(stored[f"path:{key}"].blobs) for key in "abc"] == [1, 1, 0]
    assert bucket.ingest(frame_of(rows), key="path").changes == {"unchanged": 3}


def test_bytes_are_content(connection: Connection) -> None:
    """A column of bytes becomes blobs of the declared type, byte for byte."""
    bucket = connection.bucket("texts")
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    ingested = bucket.ingest(pa.table({"photo": [picture]}))
    stored = connection._warehouse.objects.get(bucket.bucket, ingested.object_ids[0])
    assert stored.blobs[0].type == "image"
    assert connection._warehouse.parts.objects.get(stored.blobs[0].content_hash) == picture


def test_a_refused_row_costs_itself(connection: Connection) -> None:
    """It is named with its reason, and its neighbours are stored."""
    frame = pa.table({"path": ["a", "b"], "text": ["fine", "fine too"], "stars": ["5", "many"]})
    frame = frame.set_column(2, "stars", pa.array([None, "many"]))
    ingested = connection.bucket("texts").ingest(frame, key="path")
    assert ingested.changes == {"created": 1}
    assert list(ingested.refused) == ["row 1 (b)"]
    assert "declared as integer" in ingested.refused["row 1 (b)"]


@pytest.mark.parametrize(
    ("frame", "key", "field"),
    [
        pytest.param(pa.table({"text": ["x"]}), "path", "key", id="no-such-key"),
        pytest.param(pa.table({"body": ["x"]}), None, "frame", id="no-blob"),
        pytest.param([{"text": "x"}], None, "frame", id="no-frame"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(
    connection: Connection, frame: Any, key: str | None, field: str
) -> None:
    """Before anything is stored, with what to do."""
    with pytest.raises(InvalidInput) as refused:
        connection.bucket("texts").ingest(frame, key=key)
    assert refused.value.field == field
    assert refused.value.fix


def test_documents_come_back_in_every_library(connection: Connection) -> None:
    """Arrow, pandas, polars and a stream of batches hold the same rows, vectors with their type."""
    connection.bucket("texts").ingest(pa.table(ROWS), key="path")
    found = lines(connection).select("text", "stars", "word_vectors_embedding")
    table = found.to_arrow().sort_by("text")
    assert table["text"].to_pylist() == ["one", "three words here", "two words"]
    assert table["stars"].to_pylist() == [5, None, 5]
    assert table.schema.field("word_vectors_embedding").type == pa.list_(pa.float32(), 8)
    assert found.to_pandas().sort_values("text")["text"].tolist() == table["text"].to_pylist()
    assert found.to_polars().sort("text")["stars"].to_list() == [5, None, 5]
    assert found.batches().read_all().sort_by("text") == table
    assert pa.table(found).sort_by("text") == table


def test_reading_is_lazy(connection: Connection) -> None:
    """Conditions narrow what is read, in SQL, as Arrow expressions, and from a polars query."""
    connection.bucket("texts").ingest(pa.table(ROWS), key="path")
    found = lines(connection)
    assert found.where("words = 2").to_arrow()["text"].to_pylist() == ["two words"]
    assert found.where("stars = 5").count() == 2
    assert found.where("stars = 5").limit(1).to_arrow().num_rows == 1
    query = found.lazy().filter(pl.col("words") > 1).select("text").sort("text")
    assert query.collect()["text"].to_list() == ["three words here", "two words"]
    narrowed = found.where("words = 2").lazy().select("text")
    assert narrowed.collect()["text"].to_list() == ["two words"]
    with pytest.raises(KeyError, match="no column 'colour'"):
        found.select("colour")


def test_a_version_is_pinned(connection: Connection) -> None:
    """What was asked for before a change stays as it was, also when it is asked for by number; one that is gone is
    said to be."""
    bucket = connection.bucket("texts")
    bucket.ingest(pa.table({"path": ["a"], "text": ["before"]}), key="path")
    before = lines(connection)
    bucket.ingest(pa.table({"path": ["a"], "text": ["after"]}), key="path")
    after = lines(connection)
    assert before.to_arrow()["text"].to_pylist() == ["before"]
    assert after.to_arrow()["text"].to_pylist() == ["after"]
    again = connection.collection("lines").documents(version=before.version)
    assert again.to_arrow()["text"].to_pylist() == ["before"]
    assert before.generation == after.generation == 1
    with pytest.raises(NotFound, match="no version 99"):
        connection.collection("lines").documents(version=99)


def test_an_empty_collection_has_no_rows(connection: Connection) -> None:
    """Before the first run there are the columns of lineage, and nothing in them."""
    empty = connection.collection("lines").documents()
    assert empty.count() == 0
    assert "document_id" in empty.schema.names
    assert empty.to_polars().height == 0


def test_objects_of_a_frame_are_submitted(connection: Connection) -> None:
    """The batch has exactly the objects of the frame, and waits for a stack."""
    bucket = connection.bucket("texts")
    bucket.ingest(pa.table({"path": ["a"], "text": ["one"]}), key="path")
    ingested = bucket.ingest(pa.table({"path": ["b"], "text": ["two"]}), key="path")
    batch = bucket.submit(ingested.object_ids)
    assert (batch.status, batch.object_count) == ("PENDING", 1)
