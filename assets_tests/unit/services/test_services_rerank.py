"""BGE on tiny weights: a score for every pair of query and passage."""

from __future__ import annotations

import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.documented.inference import BGERerankerBatch

PASSAGES = ["a cat", "the good red house and a dog . a b c", "blue green", "def return"]


def _scores(config, batch):
    return BGERerankerBatch(config)(pd.DataFrame(batch))["score"].tolist()


def test_scores_are_those_of_a_cross_encoder(bge):
    """The scores are those that sentence-transformers' CrossEncoder gives for the same weights and pairs."""
    from sentence_transformers import CrossEncoder

    reference = CrossEncoder(bge, device="cpu").predict([("red dog", passage) for passage in PASSAGES])
    assert _scores({"model_name": bge, "query": "red dog"}, {"data": PASSAGES}) == pytest.approx(
        reference, abs=1e-5
    )


def test_company_does_not_matter(bge):
    """A pair has the same score in batches of any size, and again."""
    together = _scores({"model_name": bge, "query": "red dog"}, {"data": PASSAGES})
    for size in (1, 3):
        alone = _scores({"model_name": bge, "query": "red dog", "batch_size": size}, {"data": PASSAGES})
        assert alone == pytest.approx(together, abs=1e-5)


def test_a_pair_that_is_not_whole_has_no_score(bge):
    """Null where query or passage has no words; the others have theirs."""
    batch = {"query": ["red", None, "red", " "], "data": ["a cat", "a cat", None, "a cat"]}
    found = _scores({"model_name": bge}, batch)
    assert [score is None for score in found] == [False, True, True, True]


def test_scores_are_raw_where_asked(bge):
    """Without `normalize` the scores are the model's own, of which those from 0 to 1 are the logistic function."""
    import math

    raw = _scores({"model_name": bge, "query": "red", "normalize": False}, {"data": PASSAGES})
    plain = _scores({"model_name": bge, "query": "red"}, {"data": PASSAGES})
    assert plain == pytest.approx([1 / (1 + math.exp(-score)) for score in raw], abs=1e-6)


def test_a_query_has_to_come_from_somewhere(bge):
    """Without `query` and without its column, the error names the column."""
    with pytest.raises(InvalidPackage) as caught:
        _scores({"model_name": bge}, {"data": PASSAGES})
    assert caught.value.field == "query"
