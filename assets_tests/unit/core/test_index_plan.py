"""What upkeep a table needs follows from its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.index_plan import IndexPolicy, Step, plan_upkeep, vector_kind
from mixpeek_orchestration.core.ports.upkeep import IndexFacts, IndexKind, TableFacts

POLICY = IndexPolicy()
VECTORS = (VectorIndex("embedding", "vec", 64),)
EMPTY = TableFacts("t", rows=0, deleted=0, fragments=1, small=0, version=1, versions=1, bytes=1)


def table(rows: int, *indexes: IndexFacts, **facts: int) -> TableFacts:
    return replace(EMPTY, rows=rows, indexes=indexes, **facts)


def indexed(rows: int, tail: int = 0, *, kind: IndexKind = "IVF_SQ", parts: int = 1) -> IndexFacts:
    return IndexFacts("vec_idx", "vec", kind, rows, tail, parts)


def lookups(rows: int) -> tuple[IndexFacts, ...]:
    return tuple(
        IndexFacts(f"{c}_idx", c, "BTREE", rows, 0) for c in ("document_id", "_source_item", "_root_object")
    )


def steps(facts: TableFacts, *, searches: float = 0.0, texts: tuple[str, ...] = ()) -> list[Step]:
    return plan_upkeep(facts, VECTORS, policy=POLICY, searches_per_day=searches, texts=texts)


def actions(facts: TableFacts, *, searches: float = 0.0) -> list[tuple[str, str]]:
    return [(step.action, step.column) for step in steps(facts, searches=searches)]


@pytest.mark.parametrize("rows", [0, 1, 9_999])
def test_a_small_table_has_no_index(rows: int) -> None:
    """Under ten thousand rows scanning is as good."""
    assert actions(table(rows)) == []


def test_a_larger_table_gets_a_vector_index() -> None:
    """From ten thousand rows on the vectors are indexed, and the plan says why."""
    (step,) = steps(table(10_000))
    assert (step.action, step.index, step.kind) == ("build", "vec_idx", "IVF_SQ")
    assert "10,000 rows" in step.line


def test_rows_that_are_looked_up_are_indexed_later() -> None:
    """From fifty thousand rows on, the columns by which rows are looked up get a BTREE each."""
    kinds = {(step.column, step.kind) for step in steps(table(50_000, indexed(50_000)))}
    assert kinds == {("document_id", "BTREE"), ("_source_item", "BTREE"), ("_root_object", "BTREE")}


def test_a_graph_must_be_worth_its_build() -> None:
    """A graph is built only where a day of searches gives back what building it costs."""
    assert vector_kind(20_000, POLICY, searches_per_day=11_000) == "IVF_SQ"
    assert vector_kind(20_000, POLICY, searches_per_day=12_000) == "HNSW_SQ"
    assert vector_kind(9_000, POLICY, searches_per_day=1e9) is None
    assert actions(table(20_000, indexed(20_000)), searches=1e6) == [("build", "vec")]
    assert actions(table(20_000, indexed(20_000, kind="HNSW_SQ")), searches=0.0) == []


def test_an_index_comes_and_goes_at_different_sizes() -> None:
    """A table that shrinks keeps its index down to half of the limit, so that it does not build and drop in turns."""
    assert actions(table(6_000, indexed(6_000))) == []
    assert actions(table(4_999, indexed(4_999))) == [("drop", "vec")]


def test_a_tail_is_taken_in_when_it_is_long() -> None:
    """The tail is tolerated up to a share of the table and a number of rows."""
    assert actions(table(20_000, indexed(19_100, 900))) == []
    assert actions(table(20_000, indexed(19_000, 1_000))) == [("extend", "vec")]
    assert actions(table(1_000_000, indexed(995_000, 5_000), *lookups(1_000_000))) == [("extend", "vec")]


def test_an_index_that_its_table_outgrew_is_trained_again() -> None:
    """When the tail is as large as what the index was made from, its partitions no longer fit the data."""
    assert actions(table(20_000, indexed(10_000, 10_000))) == [("retrain", "vec")]


def test_an_index_in_many_parts_becomes_one() -> None:
    """Every part is searched, so too many are merged."""
    assert actions(table(20_000, indexed(20_000, parts=5))) == [("extend", "vec")]


def test_files_come_first_and_versions_last() -> None:
    """Compaction goes before indexes are built, because it moves rows; old versions go at the end."""
    facts = table(20_000, fragments=12, small=11, versions=21)
    assert [step.action for step in steps(facts)] == ["compact", "build", "clean"]


def test_deleted_rows_are_compacted_away() -> None:
    """A tenth of deleted rows is worth a compaction, less is not."""
    assert actions(table(900, deleted=99)) == []
    assert actions(table(900, deleted=100)) == [("compact", "")]


def test_text_is_indexed_as_soon_as_there_is_some() -> None:
    """A full-text index on an empty table would find nothing later, so none is made there."""
    assert steps(EMPTY, texts=("body",)) == []
    (step,) = steps(table(1), texts=("body",))
    assert (step.action, step.kind, step.column) == ("build", "FTS", "body")
