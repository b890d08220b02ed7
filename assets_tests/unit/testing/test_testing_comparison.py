"""When rows of two runs count as equal."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.extractors.testing.comparison import close, cosine, differences, is_vector

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN)
def test_a_value_equals_itself(value: object) -> None:
    """Whatever a row holds, two equal runs agree on it."""
    assert close(value, value)
    assert not differences({"item": [{"a": value}]}, {"item": [{"a": value}]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1.0005),
        (0.0, 1e-7),
        (math.nan, math.nan),
        ([1.0, 2.0], [1.0001, 2.0]),
        ({"a": 1.0}, {"a": 1.0005}),
    ],
)
def test_rounding_is_no_difference(one: object, other: object) -> None:
    """Floating-point numbers are compared within what another batch size may change."""
    assert close(one, other)


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        (1, 2, "1 and then 2"),
        ("a", "A", "'a' and then 'A'"),
        (True, 1, "True and then 1"),
        (None, "", "None and then ''"),
        ([1.0, 0.0], [0.0, 1.0], "vectors with a cosine of 0.0000"),
        ([1.0, 0.0], [1.0, 0.0, 0.0], "2 and then 3 dimensions"),
        ([1.0, 0.0], [2.0, 0.0], "vectors with a cosine of 1.0000"),
        ({"a": 1}, {"b": 1}, "{'a': 1} and then {'b': 1}"),
    ],
)
def test_a_difference_is_said(one: object, other: object, how: str) -> None:
    """Both values are shown, vectors by their cosine."""
    assert differences({"item": [{"a": one}]}, {"item": [{"a": other}]}) == {("item", "a"): how}


def test_only_items_that_both_runs_know_are_compared() -> None:
    """What is missing is another question; another number of rows is a difference of the item."""
    left = {"one": [{"a": 1}], "two": [{"a": 1}, {"a": 2}]}
    assert differences(left, {"two": [{"a": 1}], "three": []}) == {("two", ""): "2 rows and then 1"}


def test_what_is_known_to_differ_is_left_out() -> None:
    """A place that two equal runs disagree about says nothing."""
    ignoring = frozenset({("one", "a")})
    left, right = {"one": [{"a": 1, "b": 1}]}, {"one": [{"a": 2, "b": 2}]}
    assert list(differences(left, right, ignoring=ignoring)) == [("one", "b")]


def test_cosine_of_what_has_no_direction_is_zero() -> None:
    """A zero vector and one of another length agree with nothing."""
    assert cosine([0.0, 0.0], [1.0, 0.0]) == 0.0
    assert cosine([1.0], [1.0, 0.0]) == 0.0
    assert cosine([2.0, 0.0], [1.0, 0.0]) == 1.0


def test_a_vector_is_a_list_of_floats() -> None:
    """Lists of whole numbers, and empty ones, are compared exactly."""
    assert is_vector([1.0])
    assert not any(is_vector(value) for value in ([], [1], ["a"], 1.0, None))
