"""The way from any document to its object, and from a document to all that was made of it."""

from __future__ import annotations

import pytest

from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.api.answers.documents import document_answer, trace_answer
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import NotFound


@pytest.fixture
def graph(lab: TierLab) -> dict[str, Collection]:
    """A chain of three whose first and second tier meet again in a fourth."""
    bucket = lab.bucket("texts")
    made = {"lines": lab.collection("lines", [bucket], "lines")}
    made["first"] = lab.collection("first", [made["lines"]], "first")
    made["upper"] = lab.collection("upper", [made["first"]], "upper")
    made["both"] = lab.collection("both", [made["upper"], made["lines"]])
    lab.put(bucket, "a", "red fox\nblue bird")
    lab.put(bucket, "b", "green frog")
    lab.process(bucket)
    return made


def test_every_document_leads_down_to_its_object(lab: TierLab, graph: dict[str, Collection]) -> None:
    """Over either side of a diamond the way starts at a document that was made of the object."""
    lineage = lab.warehouse.lineage
    ways = lineage.ways(graph["both"], lab.rows(graph["both"]))
    names = sorted("/".join(step.collection.name for step in way) for way in ways)
    assert names == ["lines/both"] * 3 + ["lines/first/upper/both"] * 3
    for way in ways:
        assert way[0].source is None
        assert {step.row["_root_object"] for step in way} == {way[0].row["_source_item"]}
        assert [step.source and step.source[1] for step in way[1:]] == [s.document_id for s in way[:-1]]


def test_each_collection_is_read_once_for_all_ways(
    lab: TierLab, graph: dict[str, Collection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of documents costs one read per upstream collection, also where ways meet."""
    rows, read = lab.rows(graph["both"]), []
    by_ids = lab.warehouse.documents.by_ids

    def counted(table: str, *args: object, **options: object) -> object:
        read.append(table)
        return by_ids(table, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(lab.warehouse.documents, "by_ids", counted)
    lab.warehouse.lineage.ways(graph["both"], rows)
    assert len(read) == len(set(read)) == 3


def test_the_path_and_the_chain_are_told(lab: TierLab, graph: dict[str, Collection]) -> None:
    """The wire answer names root object, bucket, source and each step."""
    row = lab.rows(graph["upper"])[0]
    way = lab.warehouse.lineage.of(graph["upper"], row["document_id"])
    told = document_answer(way)["_internal"]["lineage"]
    ids = [graph[name].collection_id for name in ("lines", "first", "upper")]
    assert told["path"] == "/".join([row["_root_bucket"], *ids])
    assert (told["root_object_id"], told["source_document_id"]) == (row["_root_object"], row["_source_item"])
    assert (told["source_type"], told["source_object_id"]) == ("collection", None)
    assert [step["document_id"] for step in told["chain"]] == [step.document_id for step in way]


def test_what_came_of_a_document(lab: TierLab, graph: dict[str, Collection]) -> None:
    """Descendants are found over all tiers and both sides of a diamond, each once."""
    row = next(row for row in lab.rows(graph["lines"]) if row["text"] == "red fox")
    found = lab.warehouse.lineage.descendants(graph["lines"], row["document_id"])
    assert [(step.collection.name, step.row["text"]) for step in found if step.collection.name != "both"] == [
        ("first", "red"),
        ("upper", "RED"),
    ]
    assert {step.row["text"] for step in found if step.collection.name == "both"} == {"RED", "red fox"}
    assert lab.warehouse.lineage.descendants(graph["both"], "doc_none") == []


def test_a_way_that_is_broken_says_how_far_it_went(lab: TierLab, graph: dict[str, Collection]) -> None:
    """Where an upstream document is gone the chain starts below it, and the depth counts what cannot be listed."""
    row = lab.rows(graph["upper"])[0]
    table = lab.warehouse.collections.generation(graph["first"]).table
    lab.warehouse.documents.drop(table)
    way = lab.warehouse.lineage.of(graph["upper"], row["document_id"])
    told = trace_answer(way, lab.warehouse.collections.all(lab.namespace_id))
    assert (told["depth"], told["total_steps"]) == (3, 1)
    assert told["lineage"]["source_document_id"] == row["_source_item"]


def test_a_document_that_is_not_there(lab: TierLab, graph: dict[str, Collection]) -> None:
    """Asking for its lineage names collection and document."""
    with pytest.raises(NotFound, match="'upper' has no document 'doc_none'"):
        lab.warehouse.lineage.of(graph["upper"], "doc_none")
