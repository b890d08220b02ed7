"""The envelope: every item once, whatever happens to its rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core.failure import item_error
from mixpeek_orchestration.engine.envelope import (
    Rows,
    enclose,
    errors_of,
    failed_items,
    gather,
    row_counts,
    spread,
    with_errors,
    with_reasons,
)


def envelope_of(counts: list[int]) -> pa.Table:
    owner = np.repeat(np.arange(len(counts)), counts)
    return enclose([f"item{n}" for n in range(len(counts))], Rows(pa.table({"value": owner * 10}), owner))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_every_item_comes_back_with_its_rows(counts: list[int]) -> None:
    """Spreading gives the rows of all items in item order, and each knows its item, also beside items without."""
    rows = spread(envelope_of(counts))
    assert np.bincount(rows.owner, minlength=len(counts)).tolist() == counts
    assert rows.table.column("value").to_pylist() == [place * 10 for place in rows.owner]


def test_an_item_that_owns_no_rows_is_still_there() -> None:
    """Gathering fewer rows than before leaves items empty instead of losing them."""
    envelope = envelope_of([2, 1, 3])
    left = spread(envelope).keep(np.array([False, False, True, False, True, False]))
    after = gather(envelope, left)
    assert after.column("item").to_pylist() == ["item0", "item1", "item2"]
    assert row_counts(after).tolist() == [0, 1, 1]


def test_an_envelope_survives_slicing_and_joining() -> None:
    """Rows stay with their items when envelopes are cut and put together, as data engines do with blocks."""
    envelope = envelope_of([2, 0, 1, 3])
    joined = pa.concat_tables([envelope.slice(1, 2), envelope.slice(3)])
    rows = spread(joined)
    assert rows.owner.tolist() == [1, 2, 2, 2]
    assert rows.table.column("value").to_pylist() == [20, 30, 30, 30]


def test_errors_add_up_over_steps() -> None:
    """An error joins those that its item already has, and comes out as it went in."""
    first = item_error("item1", "split", ValueError("one"), row=0)
    second = item_error("item1", "embed", TimeoutError("two"), row=1)
    envelope = with_errors(with_errors(envelope_of([1, 2]), [first]), [second])
    assert errors_of(envelope) == (first, second)
    assert failed_items(envelope).tolist() == [False, True]


def test_the_first_reason_stays() -> None:
    """Why an item is empty is told by the step that emptied it, not by a later one."""
    envelope = with_reasons(with_reasons(envelope_of([0, 0]), {0: "first"}), {0: "later", 1: "other"})
    assert envelope.column("reason").to_pylist() == ["first", "other"]
