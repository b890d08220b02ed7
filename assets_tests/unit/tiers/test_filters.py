"""Filters of the contract: every operator, the short form, groups, and what is refused with its path."""

from __future__ import annotations

from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.filters import read_filter

FIELDS = {"title": "Red Fox", "rank": 3, "tags": ["a", "b"], "deep": {"er": 1}, "flag": True, "none": None}


def holds(said: dict[str, Any]) -> bool:
    return read_filter(said).holds(FIELDS)


def one(field: str, operator: str | None, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, True),
        ({"title": "Red Fox"}, True),
        ({"title": "red fox"}, False),
        ({"title": "Red Fox", "rank": 4}, False),
        (one("rank", None, 3), True),
        (one("flag", "eq", 1), False),
        (one("tags", "eq", "b"), True),
        (one("rank", "ne", 3), False),
        (one("missing", "ne", 3), True),
        (one("rank", "gt", 2.5), True),
        (one("rank", "lt", 3), False),
        (one("rank", "gte", 3), True),
        (one("rank", "lte", 2), False),
        (one("title", "gt", 1), False),
        (one("flag", "gte", 0), False),
        (one("missing", "gt", 1), False),
        (one("rank", "in", [1, 3]), True),
        (one("tags", "nin", ["c", "b"]), False),
        (one("title", "contains", "fox"), True),
        (one("tags", "contains", "b"), True),
        (one("title", "starts_with", "RED"), True),
        (one("title", "ends_with", "red"), False),
        (one("title", "regex", "^r.d"), True),
        (one("title", "text", "d f"), True),
        (one("deep.er", "eq", 1), True),
        (one("deep.er.est", "exists"), False),
        (one("title", "exists", True), True),
        (one("none", "exists", False), True),
        (one("none", "is_null", True), True),
        (one("title", "is_null", True), False),
        ({"AND": [one("rank", "gt", 1), {"title": "Red Fox"}]}, True),
        ({"OR": [one("rank", "gt", 9), one("flag", "eq", True)]}, True),
        ({"NOT": [one("rank", "gt", 9), one("flag", "eq", True)]}, False),
        ({"NOT": [one("rank", "gt", 9)]}, True),
        ({"AND": [{"OR": [{"rank": 1}, {"rank": 3}]}, {"NOT": [{"flag": False}]}]}, True),
        ({"AND": [one("title", "contains", "fox")], "case_sensitive": True}, False),
    ],
)
def test_a_filter_holds_or_does_not(said: dict[str, Any], expected: bool) -> None:
    """Each operator means what the contract says, on values, lists and values that are not there."""
    assert holds(said) is expected


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("title", "filters"),
        ({"AND": {"rank": 1}}, "filters.AND"),
        ({"AND": [one("rank", "geo_radius", 1)]}, "filters.AND.0.operator"),
        ({"AND": [{**one("rank", "eq", 1), "valeu": 1}]}, "filters.AND.0.valeu"),
        ({"OR": [one("", "eq", 1)]}, "filters.OR.0.field"),
        (one("rank", "gt", True), "filters.value"),
        (one("rank", "in", 1), "filters.value"),
        (one("title", "contains", None) | {"operator": "starts_with"}, "filters.value"),
        (one("title", "regex", "("), "filters.value"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused_with_its_path(said: Any, field: str) -> None:
    """The error names the part of the filter that is wrong."""
    with pytest.raises(InvalidInput) as refused:
        read_filter(said)
    assert refused.value.field == field


def test_a_filter_knows_the_fields_it_looks_at() -> None:
    """Only these need to be read of a source."""
    said = {"AND": [{"rank": 1}, {"NOT": [one("deep.er", "eq", 1)]}], "title": "x"}
    assert read_filter(said).fields == {"rank", "deep.er", "title"}


def test_a_filter_without_bottom_is_refused() -> None:
    """Depth is bounded, so that no body can exhaust the stack."""
    said: dict[str, Any] = {"rank": 1}
    for _ in range(50):
        said = {"AND": [said]}
    with pytest.raises(InvalidInput, match="levels deep"):
        read_filter(said)
