"""What is not declared any more is told, and removed only when asked for."""

from __future__ import annotations

import pytest

from assets_tests.unit.declarations.notes import NOTES, without
from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.declarations.changes import Order
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest
from mixpeek_orchestration.warehouse.specs import BatchSpec, BlobSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

NOTHING = Manifest()
PRUNE = Order(prune=True)
EVERYTHING = ["retriever search", "collection again", "collection lines", "bucket notes"]


@pytest.fixture(autouse=True)
def declared(warehouse: Warehouse, namespace_id: str) -> None:
    warehouse.declarations.apply(namespace_id, validated(Manifest, NOTES))


def filled(warehouse: Warehouse, namespace_id: str) -> None:
    """One object, and the documents of the first tier."""
    bucket = warehouse.buckets.get(namespace_id, "notes")
    warehouse.objects.put(bucket, ObjectSpec(blobs=[BlobSpec(property="body", data="some words")]))
    batch = warehouse.batches.create(bucket, BatchSpec(auto_submit=True))
    lines = warehouse.collections.get(namespace_id, "lines")
    warehouse.materialize(lines.collection_id, [batch.batch_id], run_id="run")


def test_what_is_gone_is_told_and_stays(warehouse: Warehouse, namespace_id: str) -> None:
    """Applying what declares nothing removes nothing; readers are told before what they read."""
    told = warehouse.declarations.apply(namespace_id, NOTHING)
    assert [f"{c.kind} {c.name}" for c in told] == EVERYTHING
    assert {c.action for c in told} == {"gone"}
    assert not any(c.does_something for c in told)
    assert len(warehouse.collections.all(namespace_id)) == 2


def test_pruning_removes_readers_first(warehouse: Warehouse, namespace_id: str) -> None:
    """Everything at once is possible, because nothing is removed while something reads it."""
    told = warehouse.declarations.apply(namespace_id, NOTHING, PRUNE)
    assert [f"{c.kind} {c.name}" for c in told] == EVERYTHING
    assert {c.action for c in told} == {"remove"}
    assert warehouse.buckets.all(namespace_id) == []


@pytest.mark.parametrize(
    ("left", "what", "readers"),
    [
        ({"collection": "again"}, "collection 'again'", "search"),
        ({"collection": "lines"}, "collection 'lines'", "again"),
        ({"bucket": "notes"}, "bucket 'notes'", "lines"),
    ],
)
def test_what_is_still_read_is_not_removed(
    warehouse: Warehouse, namespace_id: str, left: dict[str, str], what: str, readers: str
) -> None:
    """It is refused naming the readers, before anything is written."""
    revision = warehouse.catalog.resources.revision()
    with pytest.raises(Conflict, match=f"{what} is still read by {readers}"):
        warehouse.declarations.apply(namespace_id, without(**left), Order(prune=True, drop_content=True))
    assert warehouse.catalog.resources.revision() == revision


def test_what_another_owner_reads_is_not_removed(warehouse: Warehouse, namespace_id: str) -> None:
    """Readers that were declared elsewhere count, though the file does not name them."""
    search = without(bucket="notes").retrievers[0]
    other = search.model_copy(update={"retriever_name": "by-http"})
    warehouse.retrievers.create(namespace_id, other)
    with pytest.raises(Conflict, match="by-http"):
        warehouse.declarations.apply(namespace_id, NOTHING, PRUNE)


def test_what_holds_content_is_removed_only_with_a_yes(warehouse: Warehouse, namespace_id: str) -> None:
    """Documents and objects are counted in the refusal, and go when that is confirmed."""
    filled(warehouse, namespace_id)
    told = {c.name: c.held for c in warehouse.declarations.changes(namespace_id, NOTHING, PRUNE)}
    assert told == {"search": 0, "again": 0, "lines": 1, "notes": 1}
    with pytest.raises(Conflict, match="still holds 1 documents") as refused:
        warehouse.declarations.apply(namespace_id, NOTHING, PRUNE)
    assert "--yes" in str(refused.value.fix)
    assert len(warehouse.collections.all(namespace_id)) == 2
    warehouse.declarations.apply(namespace_id, NOTHING, Order(prune=True, drop_content=True))
    assert warehouse.buckets.all(namespace_id) == []
    assert warehouse.collections.all(namespace_id) == []


def test_only_what_this_way_declared_is_gone(warehouse: Warehouse, namespace_id: str) -> None:
    """A Python module that declares nothing has nothing to say about what a file declared."""
    assert warehouse.declarations.changes(namespace_id, NOTHING, Order("python", prune=True)) == []
