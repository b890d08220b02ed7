"""One step: conditions, batches across items, bisection, and the rows that a step may return."""

from __future__ import annotations

import pandas as pd
import pytest

from assets_tests.unit.engine.fakes import run_all, step, text_item
from mixpeek_orchestration.core.errors import InvalidPackage

ITEMS = [text_item(f"i{n}", f"text {n}") for n in range(20)]


def number(batch: pd.DataFrame) -> pd.DataFrame:
    batch["number"] = range(len(batch))
    return batch


def test_batches_are_filled_across_items() -> None:
    """A processor sees batches of its own size, whatever the items have."""
    sizes: list[int] = []

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        sizes.append(len(batch))
        return number(batch)

    run_all([step(process, batch_size=8)], [text_item(f"i{n}", "a", "b", "c") for n in range(6)])
    assert sizes == [8, 8, 2]


def test_a_processor_sees_the_columns_of_the_contract() -> None:
    """The documented columns are there, an alias per input field, and a document id per row."""
    seen: list[pd.DataFrame] = []

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        seen.append(batch.copy())
        return number(batch)

    run_all([step(process)], [text_item("a", "one", "two", language="de")], inputs=("text", "language"))
    frame = seen[0]
    assert set(frame.columns) == {
        "data", "document_id", "object_id", "blob_id", "blob_type", "blob_property", "mime_type", "size_bytes",
        "collection_id", "feature_extractor_id", "text", "language",
    }  # fmt: skip
    assert frame["text"].tolist() == frame["data"].tolist() == ["one", "two"]
    assert frame["language"].tolist() == ["de", "de"]
    assert frame["feature_extractor_id"].tolist() == ["fake_v1"] * 2
    assert frame["document_id"].is_unique


def test_one_bad_row_costs_one_row() -> None:
    """A batch that fails is halved until the failing row is alone; every other row goes on."""
    calls: list[int] = []

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        calls.append(len(batch))
        if "text 13" in set(batch["data"]):
            raise ValueError("thirteen")
        return number(batch)

    result = run_all([step(process)], ITEMS)
    assert [(e.item, e.step, e.error_class, e.message, e.row) for e in result.errors] == [
        ("i13", "process", "ValueError", "thirteen", 0)
    ]
    assert set(result.rows.column("_source_item").to_pylist()) == {f"i{n}" for n in range(20)} - {"i13"}
    assert len(calls) < 20
    assert "raise ValueError" in result.errors[0].traceback


def test_a_failed_attempt_leaves_no_traces_in_the_next() -> None:
    """A processor that changed its batch before it failed sees the original rows again."""

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        batch["data"] = batch["data"] + "!"
        if len(batch) > 1:
            raise ValueError("too many")
        return batch.assign(said=batch["data"])

    result = run_all([step(process)], ITEMS[:4])
    assert result.rows.column("said").to_pylist() == [f"text {n}!" for n in range(4)]


def test_a_transient_failure_is_told_from_a_permanent_one() -> None:
    """A time-out is marked as worth another try."""

    def process(_batch: pd.DataFrame) -> pd.DataFrame:
        raise TimeoutError("slow")

    assert [error.transient for error in run_all([step(process)], ITEMS[:1]).errors] == [True]


def test_good_rows_of_an_item_go_on_without_its_bad_one() -> None:
    """An item with a good and a bad row has both a row and an error that names the bad one."""

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        if "bad" in set(batch["data"]):
            raise ValueError("bad")
        return number(batch)

    result = run_all([step(process)], [text_item("a", "good", "bad", "fine")])
    assert result.rows.num_rows == 2
    assert [(error.item, error.row) for error in result.errors] == [("a", 1)]
    assert result.empty == {}


def test_a_step_that_exits_costs_the_row() -> None:
    """A processor that calls sys.exit fails its row and does not end the run."""

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        if "text 3" in set(batch["data"]):
            raise SystemExit(1)
        return number(batch)

    assert [error.item for error in run_all([step(process)], ITEMS).errors] == ["i3"]


def test_rows_that_a_condition_passes_over_are_untouched() -> None:
    """A row whose MIME type does not match goes on to the next step as it is."""

    def mark(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(marked=True)

    items = [text_item("t", "text"), text_item("p", "picture", mime_type="image/png")]
    result = run_all([step(mark, condition="IS_TEXT"), step(number)], items)
    rows = {row["_source_item"]: row for row in result.rows.to_pylist()}
    assert rows["t"]["marked"] is True
    assert rows["p"]["marked"] is None
    assert rows["p"]["number"] is not None


def test_an_item_that_no_step_applies_to_is_empty_with_that_reason() -> None:
    """Nothing is stored of rows that no step worked on."""
    result = run_all([step(number, condition="IS_TEXT")], [text_item("p", "x", mime_type="image/png")])
    assert result.rows.num_rows == 0
    assert result.empty == {"p": "No step of the pipeline applies to image/png."}


def test_rows_may_be_made_and_left_out() -> None:
    """Rows made of one row belong to its item, in their order; an item whose rows are all left out says which step
    did it."""

    def words(batch: pd.DataFrame) -> pd.DataFrame:
        batch["word"] = batch["data"].str.split()
        return batch.explode("word").dropna(subset=["word"])

    result = run_all(
        [step(words)], [text_item("a", "one two three"), text_item("b", ""), text_item("c", "four")]
    )
    assert [(r["_source_item"], r["_position"], r["word"]) for r in result.rows.to_pylist()] == [
        ("a", 0, "one"),
        ("a", 1, "two"),
        ("a", 2, "three"),
        ("c", 0, "four"),
    ]
    assert result.empty == {"b": "Step 'words' returned no rows."}


def test_made_rows_have_ids_of_their_own_in_the_next_step() -> None:
    """After rows were made of rows, every row has its own document id again."""
    seen: list[list[str]] = []

    def twice(batch: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([batch, batch])

    def look(batch: pd.DataFrame) -> pd.DataFrame:
        seen.append(batch["document_id"].tolist())
        return number(batch)

    run_all([step(twice), step(look)], ITEMS[:3])
    assert len(set(seen[0])) == 6


def test_rows_may_come_back_in_any_order() -> None:
    """Rows find their items by document id, not by place."""

    def backwards(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(said=batch["data"]).iloc[::-1]

    result = run_all([step(backwards)], ITEMS)
    assert [(r["_source_item"], r["said"]) for r in result.rows.to_pylist()] == [
        (f"i{n}", f"text {n}") for n in range(20)
    ]


def test_columns_that_a_step_leaves_out_come_back() -> None:
    """A step that returns only its own columns does not take the content away from the next one."""

    def only_new(batch: pd.DataFrame) -> pd.DataFrame:
        return batch[["document_id"]].assign(length=batch["data"].str.len())

    def again(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(said=batch["data"])

    rows = run_all([step(only_new), step(again)], ITEMS[:1]).rows.to_pylist()
    assert (rows[0]["length"], rows[0]["said"], rows[0]["mime_type"]) == (6, "text 0", "text/plain")


def test_objects_pass_from_step_to_step() -> None:
    """What one step decodes, the next can use, although it can never be stored."""

    def decode(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(decoded=[complex(len(text)) for text in batch["data"]])

    def use(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(real=[value.real for value in batch["decoded"]])

    result = run_all([step(decode), step(use)], ITEMS[:2])
    assert result.rows.column("real").to_pylist() == [6.0, 6.0]
    assert "decoded" not in result.rows.column_names


def test_dropping_document_id_is_said_once_per_row_and_not_tried_again() -> None:
    """Without document ids no smaller batch would help: the step runs once, and each row says what to do."""
    calls: list[int] = []

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        calls.append(len(batch))
        return batch[["data"]]

    result = run_all([step(process)], ITEMS[:8])
    assert calls == [8]
    assert [error.item for error in result.errors] == [f"i{n}" for n in range(8)]
    assert "Step 'process' dropped the column document_id" in result.errors[0].message
    assert "Return the batch with its document_id column" in result.errors[0].message
    assert result.errors[0].error_class == "InvalidOutput"


def test_a_column_that_comes_back_twice_is_named() -> None:
    """A frame with two columns of one name is refused at the first attempt, naming the column."""

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([number(batch), batch[["number"]]], axis=1)

    result = run_all([step(process)], ITEMS[:2])
    assert [error.item for error in result.errors] == ["i0", "i1"]
    assert "returned the column 'number' twice" in result.errors[0].message


def test_an_invented_document_id_costs_the_row() -> None:
    """A row that belongs to no row of the batch fails the row that it was made of, with the id in the record."""

    def process(batch: pd.DataFrame) -> pd.DataFrame:
        mine = batch["data"] == "text 5"
        return number(batch.assign(document_id=batch["document_id"].mask(mine, "doc_invented")))

    result = run_all([step(process)], ITEMS)
    assert [error.item for error in result.errors] == ["i5"]
    assert result.rows.num_rows == 19


@pytest.mark.parametrize("returned", [None, ["row"], {"data": ["x"]}])
def test_returning_no_frame_is_the_fault_of_the_package(returned: object) -> None:
    """What no row is to blame for ends the run, naming step, value and fix."""
    with pytest.raises(InvalidPackage, match="instead of a pandas DataFrame") as caught:
        run_all([step(lambda _batch: returned, name="wrong")], ITEMS)
    assert caught.value.field == "wrong"
