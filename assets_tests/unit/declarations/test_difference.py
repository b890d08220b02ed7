"""Differences of plain data, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_tests.unit.declarations.specs import JSON
from mixpeek_orchestration.core.difference import differences


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a: 1 → 2"]),
        ({}, {"a": {"b": 1}}, ["a: {'b': 1} (added)"]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, ["a.c: 2 (removed)"]),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["a.1.b: 2 → 3"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a: [1] → [1, 2]"]),
        ({"a": 1}, {"a": True}, ["a: 1 → True"]),
        ({"a": None}, {}, ["a: None (removed)"]),
    ],
)
def test_each_field_that_differs_is_named(before: Any, after: Any, lines: list[str]) -> None:
    """Added, removed and changed fields, by path; lists of one length are entered, others shown whole."""
    assert [change.line for change in differences(before, after)] == lines


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=3), st.dictionaries(st.text(max_size=3), JSON))
def test_there_is_a_difference_exactly_between_what_is_not_equal(before: Any, after: Any) -> None:
    """Nothing is missed, and nothing equal is told."""
    assert list(differences(before, before)) == []
    assert bool(list(differences(before, after))) or before == after
