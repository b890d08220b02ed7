"""Document ids from position fields: rows that come back in another order keep their documents."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mixpeek_orchestration.core.identity import document_id
from mixpeek_orchestration.warehouse.runs.positions import position_keys

ROWS = pa.table({"page": [2, 1, 1], "kind": ["a", "b", "a"]})
ITEMS = ["x", "x", "x"]


def keys(rows: pa.Table, fields: list[str]) -> list[str]:
    return position_keys(ITEMS, [0, 1, 2], rows, fields)


def test_without_fields_the_place_counts() -> None:
    """Ids are what they were before there were position fields."""
    assert keys(ROWS, []) == ["0", "1", "2"]
    assert document_id("col", "x", "1") == document_id("col", "x", 1)


def test_with_fields_the_order_does_not_matter() -> None:
    """Each row has the id of its values, wherever it stands."""
    backwards = ROWS.take([2, 1, 0])
    assert keys(ROWS, ["page", "kind"]) == keys(backwards, ["page", "kind"])[::-1]
    assert len(set(keys(ROWS, ["page", "kind"]))) == 3


@pytest.mark.parametrize("fields", [["page"], ["absent"]])
def test_equal_values_are_told_apart_by_their_order(fields: list[str]) -> None:
    """No two rows of an item get one id, also where their values are equal or a field is missing."""
    assert len(set(keys(ROWS, fields))) == 3


def test_items_do_not_count_each_other() -> None:
    """Equal values in different items are first in each."""
    found = position_keys(["x", "y"], [0, 0], pa.table({"page": [1, 1]}), ["page"])
    assert found == ["[1]", "[1]"]
