"""The three facts about a collection's present state, on states that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.collection import Generation, VectorIndex
from mixpeek_orchestration.core.plan import PLAN_SCHEMA, Plan
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore
from mixpeek_orchestration.warehouse.upkeep.verdicts import (
    accounting_balances,
    nothing_failed,
    vectors_are_valid,
)

BALANCED = TierReport("col_1", fetched=2, submitted=1, unchanged=1, written=1)


def test_an_item_that_counts_as_done_without_a_trace_is_a_broken_account() -> None:
    """Unchanged items must have documents or a recorded outcome; extra ones and false sums break the account too."""
    plan = _plan(a="unchanged", b="failed", c="extract", d="delete")
    assert accounting_balances(plan, {"a", "b", "d"}, [BALANCED]).holds
    assert accounting_balances(plan, {"b", "d"}, []).numbers["done_without_trace"] == 1
    assert accounting_balances(plan, {"a", "b", "x"}, []).numbers["unknown_to_the_plan"] == 1
    unbalanced = accounting_balances(plan, {"a", "b"}, [replace(BALANCED, written=2)])
    assert (unbalanced.holds, unbalanced.numbers["unbalanced_reports"]) == (False, 1)


@pytest.mark.parametrize(
    ("vector", "invalid"),
    [([1.0, 2.0], 0), ([float("nan"), 1.0], 1), ([float("inf"), 1.0], 1), ([0.0, 0.0], 1), (None, 1)],
)
def test_a_vector_is_valid_when_it_is_there_finite_and_has_a_direction(
    vector: Sequence[float] | None, invalid: int
) -> None:
    """One bad vector among good ones is counted and breaks the fact."""
    verdict = vectors_are_valid(_Table([[1.0, 0.5], vector, [0.5, 1.0]]), _generation(2))
    assert verdict.numbers["invalid_vectors"] == {"v": invalid}
    assert verdict.holds == (invalid == 0)


def test_a_column_of_another_dimension_is_named() -> None:
    """The dimension is judged by the type of the column, for all rows at once."""
    verdict = vectors_are_valid(_Table([[1.0, 0.5]]), _generation(3))
    assert not verdict.holds
    assert list(verdict.numbers["wrong_columns"]) == ["v"]


def test_failures_are_an_error_only_without_documents(site: Site) -> None:
    """Open failures warn while there are documents; a collection with nothing but failures is an error."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    failures, which = site.warehouse.catalog.failures, site.warehouse.failed.query(collection)
    assert nothing_failed(failures, which, documents=0).holds
    batch = site.submitted(bucket, "POISON")
    site.warehouse.materialize(collection.collection_id, [batch.batch_id], run_id="run")
    assert nothing_failed(failures, which, documents=3).severity == "WARN"
    alone = nothing_failed(failures, which, documents=0)
    assert (alone.holds, alone.severity) == (False, "ERROR")
    assert list(alone.numbers["errors"].values()) == [1]


class _Table(MemoryDocumentStore):
    """A table with one vector column, as a process that is not ours may have left it."""

    def __init__(self, vectors: list[Any]) -> None:
        super().__init__()
        self._rows = pa.table({"v": pa.array(vectors, pa.list_(pa.float32(), 2))})

    def columns(self, table: str) -> dict[str, str]:
        return {field.name: str(field.type) for field in self._rows.schema}

    def read(self, table: str, **options: Any) -> pa.Table:
        return self._rows

    def count(self, table: str, **options: Any) -> int:
        return self._rows.num_rows


def _generation(dimension: int) -> Generation:
    return Generation("gen", "col_1", 1, "table", "e", "v1", {}, (VectorIndex("f", "v", dimension),))


def _plan(**actions: str) -> Plan:
    items = list(actions)
    columns = {"item": items, "root_object": items, "action": list(actions.values()), "reason": items}
    return Plan(pl.DataFrame(columns, schema=PLAN_SCHEMA), "code")
