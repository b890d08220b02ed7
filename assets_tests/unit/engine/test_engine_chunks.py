"""How large chunks become."""

from __future__ import annotations

from assets_tests.unit.engine.fakes import text_item
from mixpeek_orchestration.engine.chunks import CHUNK_S, MIN_ITEMS, Pace, chunks, shared_out


def test_fast_work_gets_large_chunks_step_by_step() -> None:
    """The size doubles until the limit while chunks take next to no time."""
    pace = Pace(256)
    sizes = [pace.size]
    for _ in range(6):
        pace.took(0.001)
        sizes.append(pace.size)
    assert sizes == [16, 32, 64, 128, 256, 256, 256]


def test_slow_work_gets_small_chunks() -> None:
    """Items that take long are committed one by one rather than lost by the dozen."""
    pace = Pace(256)
    for _ in range(10):
        pace.took(pace.size * 3 * CHUNK_S)
    assert pace.size == 1
    pace.took(CHUNK_S)
    assert pace.size == 1


def test_a_size_that_changes_is_asked_for_every_chunk() -> None:
    """The generator takes the size of the moment."""
    sizes = iter([1, 2, 2, 3, 3, 3, 3, 3])
    items = [text_item(f"i{n}", "text") for n in range(4)]
    assert [len(chunk) for chunk in chunks(items, lambda: next(sizes))] == [1, 2, 1]


def test_few_items_are_shared_out_among_workers() -> None:
    """Every worker gets several chunks, none below the smallest size and none above the limit."""
    assert shared_out(256, 600, 2) == 38
    assert shared_out(256, 100_000, 2) == 256
    assert shared_out(256, 20, 4) == MIN_ITEMS
