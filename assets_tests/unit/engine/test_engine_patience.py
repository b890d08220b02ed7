"""Transient errors within a run of the engine: tried again after everything else, a bounded number of times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from assets_tests.unit.engine.fakes import run_all, step, text_item
from mixpeek_orchestration.core.errors import NotReady
from mixpeek_orchestration.core.ports.extraction import InputRow, SourceItem
from mixpeek_orchestration.core.transience import Patience

AT_ONCE = Patience(attempts=3, first_wait_s=0.0, longest_wait_s=0.0)


def _failing(
    error: Exception, *, on: str, until_call: int
) -> tuple[Callable[[pd.DataFrame], Any], list[list[str]]]:
    """A step that raises for a text in its first calls with it, and the texts of every call."""
    calls: list[list[str]] = []
    seen: Counter[str] = Counter()

    def work(batch: pd.DataFrame) -> pd.DataFrame:
        texts = batch["data"].tolist()
        calls.append(texts)
        seen.update(texts)
        if on in texts and seen[on] < until_call:
            raise error
        return batch.assign(length=batch["data"].str.len())

    return work, calls


def test_a_transient_error_is_tried_again_when_the_others_are_done() -> None:
    """The batch that timed out comes last and comes through; no other batch runs twice."""
    work, calls = _failing(TimeoutError("late"), on="b", until_call=2)
    items = [text_item(name, name) for name in "abc"]
    result = run_all([step(work, batch_size=1)], items, patience=AT_ONCE)
    assert calls == [["a"], ["b"], ["c"], ["b"]]
    assert (result.errors, sorted(result.items)) == ((), ["a", "b", "c"])
    assert result.rows.num_rows == 3


def test_a_permanent_error_is_not_tried_again() -> None:
    """A row that is wrong fails at once and alone."""
    work, calls = _failing(ValueError("wrong"), on="b", until_call=99)
    result = run_all([step(work, batch_size=1)], [text_item(n, n) for n in "ab"], patience=AT_ONCE)
    assert calls == [["a"], ["b"]]
    assert [(e.item, e.transient) for e in result.errors] == [("b", False)]


def test_what_never_comes_through_fails_as_transient_and_alone() -> None:
    """A batch is tried whole, and only in the last round taken apart, so that one row of it fails."""
    work, calls = _failing(ConnectionError("refused"), on="b", until_call=99)
    items = [text_item(name, name) for name in "abcd"]
    result = run_all([step(work, batch_size=4)], items, patience=AT_ONCE)
    assert calls[:3] == [list("abcd")] * 3
    assert [(e.item, e.error_class, e.transient) for e in result.errors] == [("b", "ConnectionError", True)]
    assert result.rows.num_rows == 3


class _BusyStore:
    """An object store that is away for the first reads."""

    def __init__(self, away: int) -> None:
        self.away = away

    def get(self, address: str) -> bytes:
        self.away -= 1
        if self.away >= 0:
            raise NotReady("The store does not answer.")
        return address.encode()


def test_content_that_could_not_be_read_is_read_again() -> None:
    """A store that is briefly away costs no item."""
    store = _BusyStore(away=2)

    def open_store(_: Mapping[str, Any]) -> Any:
        return store

    row = InputRow("blob", "text", "text", "text/plain", 5, content_hash="hello")
    result = run_all(
        [step(lambda batch: batch.assign(seen=batch["data"]))],
        [SourceItem("a", "obj", (row,))],
        patience=AT_ONCE,
        open_objects=open_store,
    )
    assert result.errors == ()
    assert result.rows.column("seen").to_pylist() == ["hello"]
