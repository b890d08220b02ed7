"""Batches cut out of larger frames are as independent of each other as if each had been made alone."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from assets_tests.unit.engine.fakes import run_all, step, text_item
from mixpeek_orchestration.core.transience import Patience
from mixpeek_orchestration.engine import frames
from mixpeek_orchestration.engine.frames import Frames
from mixpeek_orchestration.extractors.columns import to_frame

ROWS = pa.table({"name": [f"n{n}" for n in range(10)], "words": [[f"w{n}"] for n in range(10)]})


def test_a_cut_is_what_a_frame_of_its_own_would_be() -> None:
    """Values, order of columns, types and numbering from 0 are the same, whatever was made ahead."""
    cuts = Frames(ROWS, {"collection_id": "c"})
    for start, stop in ((0, 3), (3, 6), (8, 10)):
        alone = to_frame(ROWS.slice(start, stop - start)).assign(collection_id="c")
        alone["collection_id"] = alone["collection_id"].astype(object)
        pd.testing.assert_frame_equal(cuts.cut(start, stop), alone)


def test_what_is_done_to_a_batch_is_not_seen_in_the_next() -> None:
    """Columns that are added, values that are replaced and lists that are changed stay with their batch."""
    cuts = Frames(ROWS, {})
    first = cuts.cut(0, 5)
    first["extra"] = 1
    first.loc[0, "name"] = "changed"
    first["words"].iloc[4].append("more")
    second = cuts.cut(5, 10)
    assert list(second.columns) == ["name", "words"]
    assert second["name"].tolist() == [f"n{n}" for n in range(5, 10)]
    assert second["words"].tolist() == [[f"w{n}"] for n in range(5, 10)]


def test_rows_that_are_tried_again_are_as_they_were() -> None:
    """A list that the first attempt has changed is whole again in the second, and in each half of a bisection."""
    cuts = Frames(ROWS, {})
    for words in cuts.cut(0, 4)["words"]:
        words.clear()
    assert cuts.cut(0, 2)["words"].tolist() == [["w0"], ["w1"]]
    assert cuts.cut(0, 4)["words"].tolist() == [["w0"], ["w1"], ["w2"], ["w3"]]


def test_heavy_rows_are_not_laid_out_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of content that weighs much, no more than a batch is held twice."""
    made: list[int] = []

    def counting(table: pa.Table) -> pd.DataFrame:
        made.append(table.num_rows)
        return to_frame(table)

    monkeypatch.setattr(frames, "to_frame", counting)
    heavy = pa.table({"data": ["x" * 1_000_000] * 12})
    cuts = Frames(heavy, {})
    assert [len(cuts.cut(start, start + 2)) for start in range(0, 12, 2)] == [2] * 6
    assert made == [4, 4, 4]


def test_an_attempt_that_failed_leaves_nothing_behind() -> None:
    """A step that changes its rows and then fails for a moment sees them unchanged when it is tried again."""
    seen: list[list[str]] = []

    def impatient(batch: pd.DataFrame) -> pd.DataFrame:
        seen.append(batch["data"].tolist())
        batch["data"] = "gone"
        if len(seen) == 1:
            raise ConnectionError("try again")
        return batch.assign(seen=[len(text) for text in seen[-1]])

    found = run_all(
        [step(impatient, batch_size=2)],
        [text_item(f"i{n}", "text") for n in range(4)],
        outputs=("seen",),
        patience=Patience(first_wait_s=0.01),
    )
    assert seen == [["text", "text"]] * 3
    assert found.rows.column("seen").to_pylist() == [4] * 4
