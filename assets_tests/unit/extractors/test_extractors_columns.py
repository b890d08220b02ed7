"""Columns between pandas and Arrow: processors are free, types are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mixpeek_orchestration.extractors.columns import concat, from_series, from_vectors, is_pickled, to_frame


class Picture:
    """Something that Arrow has no type for."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and other.name == self.name

    __hash__ = None  # type: ignore[assignment]


def test_a_frame_can_be_changed_in_every_way() -> None:
    """A processor may assign into columns and into the vectors themselves; the table stays as it was."""
    table = pa.table(
        {
            "text": ["a", None],
            "number": [1.5, 2.5],
            "vector": pa.array([[1.0], [2.0]], pa.list_(pa.float32())),
        }
    )
    frame = to_frame(table)
    frame.loc[0, "text"] = 5
    frame.loc[0, "number"] = 9.0
    frame["vector"][0][0] = 7.0
    assert table.to_pydict() == {"text": ["a", None], "number": [1.5, 2.5], "vector": [[1.0], [2.0]]}


def test_missing_text_is_none() -> None:
    """Processors see plain Python text and None, as the contract's examples expect, never NaN."""
    assert to_frame(pa.table({"text": ["a", None]}))["text"].tolist() == ["a", None]


def test_whole_numbers_stay_whole_beside_missing_ones() -> None:
    """A column of integers that pandas turned into floats for a missing value is integers again."""
    before = pa.table({"number": pa.array([1, None, 3], pa.int64())})
    after = from_series(to_frame(before)["number"], pa.int64())
    assert after == before.column("number").combine_chunks()


def test_objects_travel_to_the_next_step() -> None:
    """A value that Arrow has no type for arrives in the next step as it was."""
    column = from_series(pd.Series([Picture("a"), None], dtype=object))
    assert is_pickled(column.type)
    assert to_frame(pa.table({"image": column}))["image"].tolist() == [Picture("a"), None]


def test_shared_text_is_kept_once() -> None:
    """A text that many rows share takes its size once in Arrow, and once in pandas again."""
    text = "long" * 1000
    column = from_series(pd.Series([text] * 500, dtype=object))
    assert column.nbytes < 10 * len(text)
    back = to_frame(pa.table({"text": column}))["text"]
    assert back.tolist() == [text] * 500
    assert len({id(value) for value in back}) == 1


def test_tables_of_different_batches_join() -> None:
    """Batches may lack a column, share text or not, or disagree on a type; no row loses its value."""
    shared = pa.table({"text": from_series(pd.Series(["s", "s"] * 2, dtype=object)), "n": [1, 2, 3, 4]})
    plain = pa.table({"text": ["p"], "n": [Picture("x").name]})
    joined = to_frame(concat([shared, plain, pa.table({"text": ["q"]})]))
    assert joined["text"].tolist() == ["s", "s", "s", "s", "p", "q"]
    assert joined["n"].tolist() == [1, 2, 3, 4, "x", None]


@pytest.mark.parametrize(
    "values",
    [
        [[1.0, 2.0], [3.0, 4.0]],
        [np.array([1.0, 2.0]), np.array([3.0, 4.0], dtype=np.float32)],
        [[[1.0, 2.0]], [[3.0, 4.0]]],
        [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])],
        [(1, 2), (3, 4)],
    ],
)
def test_vectors_of_every_making_are_one_type(values: list[object]) -> None:
    """Lists, arrays, tuples and vectors nested in a list of one all become lists of float32."""
    column = from_vectors(pd.Series(values, dtype=object))
    assert column is not None
    assert column.type == pa.list_(pa.float32())
    assert column.to_pylist() == [[1.0, 2.0], [3.0, 4.0]]


def test_vectors_of_different_lengths_and_missing_ones_are_kept() -> None:
    """What is wrong with a vector is judged later: until then nothing is lost, NaN included."""
    column = from_vectors(pd.Series([[1.0], None, [float("nan"), 2.0]], dtype=object))
    assert column is not None
    assert [None if v is None else len(v) for v in column.to_pylist()] == [1, None, 2]
    assert np.isnan(column.to_pylist()[2][0])


def test_what_is_no_vector_is_not_made_one() -> None:
    """A column with text among its vectors is left to the ordinary conversion."""
    assert from_vectors(pd.Series([[1.0], "none"], dtype=object)) is None
