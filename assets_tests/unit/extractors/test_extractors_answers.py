"""Answers of `realtime.py`: every documented spelling becomes the one that searches read, the rest is refused."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.answers import read_answer

ONE = (VectorIndex("mine", "mine", 2, "cosine"),)
TWO = (*ONE, VectorIndex("other", "other_embedding", 2, "cosine"))

SPELLINGS = [
    {"embedding": [1.0, 2.0]},
    {"vector": [1.0, 2.0]},
    {"embeddings": [[1.0, 2.0]]},
    {"embedding": [[1.0, 2.0]]},
    {"mine": [1.0, 2.0]},
    {"mine_embedding": [1.0, 2.0]},
    {"embeddings": {"mine": [1.0, 2.0]}},
    {"embedding": np.array([1.0, 2.0])},
    {"vector": (1.0, 2.0)},
]


@pytest.mark.parametrize("answer", SPELLINGS)
@pytest.mark.parametrize("inference_type", ["embedding", None])
def test_the_query_vector_is_found_under_every_documented_key(
    answer: Mapping[str, object], inference_type: str | None
) -> None:
    """Wherever a package puts it, the query vector comes back as a list under `embedding`."""
    assert read_answer(answer, {}, inference_type, ONE)["embedding"] == [1.0, 2.0]


def test_several_vectors_come_back_by_feature() -> None:
    """Each feature has its own vector, whether the package wrote its name or its column."""
    read = read_answer({"mine": [1.0, 2.0], "other_embedding": [3.0, 4.0]}, {}, "embedding", TWO)
    assert (read["mine"], read["other"]) == ([1.0, 2.0], [3.0, 4.0])


@pytest.mark.parametrize(
    ("inference_type", "inputs", "answer", "expected"),
    [
        ("rerank", {"pairs": [["q", "d"]]}, {"scores": np.array([0.5])}, {"scores": [0.5]}),
        (
            "classify",
            {"text": "a"},
            {"labels": [{"label": "x", "score": 0.5}]},
            {"labels": [{"label": "x", "confidence": 0.5}]},
        ),
        ("generate", {"prompt": "a"}, {"text": "b"}, {"text": "b"}),
        ("general", {}, {"whatever": 1}, {"whatever": 1}),
        (None, {}, {"result": "r"}, {"result": "r"}),
    ],
)
def test_answers_of_the_other_types_keep_their_contract(
    inference_type: str | None,
    inputs: Mapping[str, object],
    answer: Mapping[str, object],
    expected: Mapping[str, object],
) -> None:
    """Scores, labels and text come back as documented; an answer without a contract as it is."""
    assert read_answer(answer, inputs, inference_type, ()) == expected


@pytest.mark.parametrize(
    ("inference_type", "inputs", "answer", "field"),
    [
        ("embedding", {}, {"result": 1}, "embedding"),
        ("rerank", {}, {"score": 1.0}, "scores"),
        ("rerank", {"pairs": [["q", "a"], ["q", "b"]]}, {"scores": [1.0]}, "scores"),
        ("classify", {}, {"labels": ["good"]}, "labels"),
        ("classify", {}, {"labels": [{"label": "good"}]}, "labels.confidence"),
        ("generate", {}, {"text": None}, "text"),
        ("general", {}, ["no dict"], "embedding"),
    ],
)
def test_an_answer_that_breaks_its_contract_names_the_key(
    inference_type: str, inputs: Mapping[str, object], answer: object, field: str
) -> None:
    """What a stage could not use is refused with the key that is missing and an example."""
    with pytest.raises(InvalidPackage) as refused:
        read_answer(answer, inputs, inference_type, ONE)
    assert refused.value.field == field
    assert (
        "for example" in (refused.value.fix or "")
        or "per pair" in (refused.value.fix or "")
        or "confidence" in (refused.value.fix or "")
    )
