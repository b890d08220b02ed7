"""How large chunks become."""

from __future__ import annotations

import pandas as pd
import pytest

from assets_tests.unit.engine.fakes import job_of, step, text_item
from mixpeek_orchestration.engine.chunks import (
    CHUNK_S,
    MAX_ITEMS,
    MIN_ITEMS,
    SHARED_CHUNK_S,
    Pace,
    chunk_items,
    chunks,
    settled_items,
    shared_out,
)


def test_fast_work_gets_large_chunks_step_by_step() -> None:
    """The size doubles until the limit while chunks take next to no time."""
    pace = Pace(64)
    sizes = [pace.size]
    for _ in range(6):
        pace.took(0.001)
        sizes.append(pace.size)
    assert sizes == [16, 32, 64, 128, 256, 256, 256]


def test_slow_work_gets_small_chunks() -> None:
    """Items that take long are committed one by one rather than lost by the dozen."""
    pace = Pace(64)
    for _ in range(10):
        pace.took(pace.size * 3 * CHUNK_S)
    assert pace.size == 1
    pace.took(CHUNK_S)
    assert pace.size == 1


@pytest.mark.parametrize(
    ("group_s", "item_s"), [(0.0, 0.01), (0.1, 0.004), (0.01, 0.0), (0.4, 1.0), (2.0, 0.1)]
)
def test_to_how_many_items_it_grows_is_known_before(group_s: float, item_s: float) -> None:
    """An estimate is made for the chunks of a long run, not for the small ones at its beginning."""
    pace = Pace(64)
    for _ in range(20):
        pace.took(group_s + item_s * pace.size)
    assert settled_items(group_s, item_s) == pytest.approx(pace.size, rel=0.15, abs=1)


def test_the_first_chunk_is_no_larger_than_a_batch() -> None:
    """Who declares batches of two does not wait for sixteen items before anything is committed."""
    assert [Pace(batch).size for batch in (1, 2, 64)] == [1, 2, MIN_ITEMS]


@pytest.mark.parametrize(
    ("batch_size", "item_s", "workers", "items"),
    [
        (16, None, 2, 16),  # nothing is known: a batch
        (1, None, 2, MIN_ITEMS),
        (16, SHARED_CHUNK_S / 100, 1, 96),  # whole batches that fit into the time of a chunk
        (16, SHARED_CHUNK_S / 100, 2, 48),  # two workers make a run twice as fast, not an item
        (16, 10 * SHARED_CHUNK_S, 1, 16),  # no smaller than what the author asks for
        (1, 10 * SHARED_CHUNK_S, 1, 1),
        (16, 0.0, 1, MAX_ITEMS),
        (1_000, SHARED_CHUNK_S, 1, MAX_ITEMS),
    ],
)
def test_chunks_that_cannot_be_paced_follow_earlier_runs(
    batch_size: int, item_s: float | None, workers: int, items: int
) -> None:
    """A chunk on a cluster takes about as long as one in process, as far as earlier runs tell."""

    def work(batch: pd.DataFrame) -> pd.DataFrame:
        return batch

    description = job_of([step(work, batch_size=batch_size)]).description
    assert chunk_items(description, item_s, workers) == items


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
