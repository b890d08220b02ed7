"""The end of a pipeline: what is stored, in which type, and which rows are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assets_tests.unit.engine.fakes import run_all, step, text_item
from mixpeek_orchestration.core.collection import VectorIndex

VECTOR = VectorIndex("meaning", "meaning", 3)


def items(*texts: str) -> list[Any]:
    return [text_item(f"i{n}", text) for n, text in enumerate(texts)]


def giving(**columns: list[Any]) -> Any:
    """A step that sets columns to the values at the places of the rows' items."""

    def give(batch: pd.DataFrame) -> pd.DataFrame:
        places = [int(identifier.removeprefix("obj_i")) for identifier in batch["object_id"]]
        for name, values in columns.items():
            batch[name] = pd.Series([values[place] for place in places], index=batch.index, dtype=object)
        return batch

    return step(give)


def test_outputs_stay_and_inputs_go() -> None:
    """Stored are declared outputs, what the steps added, and the MIME type; never content, ids or scratch."""
    result = run_all(
        [giving(meaning=[[1, 2, 3]], extra=["e"], _scratch=["s"])],
        items("text"),
        vectors=[VECTOR],
        outputs=["meaning", "text"],
    )
    assert set(result.rows.column_names) == {
        "mime_type", "text", "extra", "meaning", "_source_item", "_position",
    }  # fmt: skip
    assert result.rows.schema.field("meaning").type == pa.list_(pa.float32(), 3)
    assert result.rows.schema.field("_position").type == pa.int32()


@pytest.mark.parametrize(
    ("vector", "said", "fix"),
    [
        ([1.0, 2.0], "has 2 dimensions; the manifest declares 3", "embedding_dim"),
        ([1.0, float("nan"), 3.0], "has nan at position 1", "finite"),
        ([1.0, 2.0, float("inf")], "has inf at position 2", "finite"),
        ([1.0, 2.0, 1e300], "has inf at position 2", "finite"),
        ([0.0, 0.0, 0.0], "is all zeros", "distance_metric"),
        (None, "has no vector for this row", "drop the row"),
    ],
)
def test_a_wrong_vector_fails_its_row(vector: list[float] | None, said: str, fix: str) -> None:
    """The record names the column, the value seen and the way out; the rows beside it are stored."""
    result = run_all([giving(meaning=[[1, 2, 3], vector, [4, 5, 6]])], items("a", "b", "c"), vectors=[VECTOR])
    assert [(e.item, e.step, e.error_class) for e in result.errors] == [("i1", "validate", "InvalidOutput")]
    message = result.errors[0].message
    assert "'meaning'" in message
    assert said in message
    assert fix in message
    assert result.rows.column("meaning").to_pylist() == [[1, 2, 3], [4, 5, 6]]


def test_text_among_vectors_fails_its_row() -> None:
    """Something that is no list of numbers where a vector should be is never stored, and says so."""
    result = run_all([giving(meaning=["oops", "oops"])], items("a", "b"), vectors=[VECTOR])
    assert len(result.errors) == 2
    assert "not a list of numbers" in result.errors[0].message


def test_a_missing_vector_column_fails_every_row() -> None:
    """A pipeline that never writes the vector says which column is missing and which there are."""
    result = run_all([giving(other=[1, 2])], items("a", "b"), vectors=[VECTOR])
    assert [error.item for error in result.errors] == ["i0", "i1"]
    assert "left no column 'meaning'" in result.errors[0].message
    assert result.rows.num_rows == 0


@pytest.mark.parametrize("name", ["tone_embedding", "tone"])
def test_a_vector_may_be_named_by_its_feature(name: str) -> None:
    """A feature's name and `<feature>_embedding` are both accepted, and stored under the declared column."""
    vector = VectorIndex("tone", "tone", 3)
    result = run_all([giving(**{name: [np.array([1.0, 2.0, 3.0])]})], items("a"), vectors=[vector])
    assert result.rows.column("tone").to_pylist() == [[1, 2, 3]]


def test_zero_is_a_point_for_euclid() -> None:
    """A zero vector is refused only where distance is an angle."""
    vector = VectorIndex("meaning", "meaning", 3, "euclid")
    assert run_all([giving(meaning=[[0, 0, 0]])], items("a"), vectors=[vector]).errors == ()


def test_a_row_that_a_step_passed_over_may_lack_that_step_s_vector() -> None:
    """Pictures go without the vector of texts in a pipeline for both."""

    def embed(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(meaning=[[1.0, 2.0, 3.0]] * len(batch))

    def tag(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(tag="seen")

    both = [text_item("t", "text"), text_item("p", "picture", mime_type="image/png")]
    result = run_all([step(embed, condition="IS_TEXT"), step(tag)], both, vectors=[VECTOR])
    assert result.errors == ()
    assert result.rows.column("meaning").to_pylist() == [[1, 2, 3], None]


DECLARED = {
    "properties": {
        "count": {"type": "integer"},
        "score": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "place": {"$ref": "#/$defs/Place"},
        "anything": {},
    },
    "$defs": {
        "Place": {"type": "object", "properties": {"x": {"type": "integer"}, "name": {"type": "string"}}}
    },
}


def test_declared_outputs_have_their_declared_type() -> None:
    """Types do not depend on what a chunk happens to hold: empty lists and missing values included."""
    result = run_all(
        [giving(count=[1.0], score=[None], tags=[[]], place=[{"x": 1}])],
        items("a"),
        outputs=list(DECLARED["properties"]),
        output_schema=DECLARED,
    )
    types = {field.name: field.type for field in result.rows.schema}
    assert types["count"] == pa.int64()
    assert types["score"] == pa.float64()
    assert types["tags"] == pa.list_(pa.string())
    assert types["place"] == pa.struct([("x", pa.int64()), ("name", pa.string())])
    assert result.errors == ()


def test_a_value_of_another_type_fails_its_row() -> None:
    """One value that cannot have the declared type costs its row, naming field and type."""
    result = run_all(
        [giving(count=[1, "many", "3"])], items("a", "b", "c"), outputs=["count"], output_schema=DECLARED
    )
    assert [error.item for error in result.errors] == ["i1"]
    assert "'count'" in result.errors[0].message
    assert "int64" in result.errors[0].message
    assert result.rows.column("count").to_pylist() == [1, 3]


def test_a_declared_output_that_cannot_be_stored_fails_its_row() -> None:
    """An object that Arrow has no type for is no output."""
    result = run_all([giving(anything=[object])], items("a"), outputs=["anything"], output_schema=DECLARED)
    assert "cannot be stored" in result.errors[0].message


def test_an_item_without_input_is_empty_and_says_so() -> None:
    """An item that starts with no rows is accounted for."""
    assert run_all([giving(a=[1])], [text_item("none")]).empty == {"none": "The source item has no input."}


def test_every_item_is_in_exactly_one_place() -> None:
    """Items with rows, failed items and empty ones add up to the items given, each once."""

    def mixed(batch: pd.DataFrame) -> pd.DataFrame:
        if "bad" in set(batch["data"]):
            raise ValueError("bad")
        return batch[batch["data"] != "drop"].assign(ok=True)

    given = items(*(["good", "bad", "drop"] * 100))
    result = run_all([step(mixed)], given)
    written = set(result.rows.column("_source_item").to_pylist())
    failed = {error.item for error in result.errors}
    assert sorted(result.items) == sorted(item.item for item in given)
    assert (len(written), len(failed), len(result.empty)) == (100, 100, 100)
    assert written | failed | set(result.empty) == set(result.items)
