"""A few documents to look at."""

from __future__ import annotations

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.warehouse.samples import written_by


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
