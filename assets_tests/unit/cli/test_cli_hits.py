"""What a search prints of the documents that it found."""

from __future__ import annotations

from mixpeek_orchestration.cli.tables import hit_lines


def test_a_document_shows_its_text() -> None:
    """Its text; where it has none, the longest of what is written in it, and never an id."""
    named = {"document_id": "doc_" + "0" * 60, "root_object_id": "obj_1", "score": 0.5}
    answer = {
        "documents": [
            {**named, "text": "what it says", "passage": "something longer than that"},
            {**named, "keywords": "few words", "passage": "the passage that they were taken from"},
            {**named, "words": 3},
        ]
    }
    assert hit_lines(answer) == [
        "1. 0.500  obj_1",
        "   what it says",
        "2. 0.500  obj_1",
        "   the passage that they were taken from",
        "3. 0.500  obj_1",
        "",
    ]


def test_nothing_and_half_an_answer_are_said() -> None:
    """No documents are "no results", after whatever was not there."""
    answer = {"degraded": [{"reason": "the endpoint is starting"}], "documents": []}
    assert hit_lines(answer) == ["degraded: the endpoint is starting", "no results"]
