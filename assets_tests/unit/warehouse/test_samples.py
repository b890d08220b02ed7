"""A few documents to look at."""

from __future__ import annotations

from unittest.mock import patch

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.warehouse.samples import rows_by_batch, written_by
from mixpeek_orchestration.warehouse.specs import BatchSpec


def test_samples_are_few_and_without_vectors(lab: Lab) -> None:
    """As many documents as were asked for, how many there are in all, and no vector among their fields."""
    for number in range(4):
        lab.put(f"{number}", f"text {number}")
    collection = lab.collection()
    assert lab.warehouse.samples.of(collection, limit=3) == (0, [])

    lab.run(collection)
    total, rows = lab.warehouse.samples.of(collection, limit=3)

    vectors = {v.column for v in lab.warehouse.collections.generation(collection).vectors}
    assert (total, len(rows)) == (4, 3)
    assert vectors
    assert vectors.isdisjoint(rows[0])


def test_a_batch_is_named_by_value(lab: Lab) -> None:
    """A batch id is compared, never read as SQL."""
    lab.put("a", "one")
    collection = lab.collection()
    lab.run(collection)
    assert lab.warehouse.samples.of(collection, limit=3, batch_id="x' OR '1'='1")[0] == 0
    assert written_by("it's") == "_batch = 'it''s'"


def test_all_batches_of_a_run_are_counted_in_one_read(lab: Lab) -> None:
    """Each batch has the documents that it was the last to write, one that wrote none has 0, and the table is read
    once for all of them."""
    collection, documents = lab.collection(), lab.warehouse.documents
    table = lab.warehouse.collections.generation(collection).table
    assert rows_by_batch(documents, table, ["none"]) == {"none": 0}
    batches = [
        _batch(lab, {"a": "one", "b": "two"}),
        _batch(lab, {"c": "three"}),
        _batch(lab, {"a": "newer"}),
    ]
    lab.run(collection, batches)

    with patch.object(documents, "by_ids", wraps=documents.by_ids) as read:
        counted = rows_by_batch(documents, table, [*batches, "it's"])

    assert read.call_count == 1
    assert counted == {one: documents.count(table, where=written_by(one)) for one in [*batches, "it's"]}
    assert sum(counted.values()) == 3


def _batch(lab: Lab, texts: dict[str, str]) -> str:
    object_ids = [lab.put(key, text) for key, text in texts.items()]
    return lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=object_ids)).batch_id
