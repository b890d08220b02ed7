"""Cold is not empty: what is not ready is waited for within the budget, then said; never left out in silence."""

from __future__ import annotations

import itertools
import threading

import pytest

from mixpeek_orchestration.core.errors import BudgetExceeded, EndpointFailed, InvalidInput, NotReady


def cold() -> NotReady:
    return NotReady("The endpoint is starting.", retry_after_s=0.05)


@pytest.fixture
def two(filled):
    """A second collection, filled by another extractor."""
    filled.fill(filled.collection("stars", extractor="sextant"), {"s": "north"})
    return filled


@pytest.fixture
def sextant(a_search):
    """A search over the second collection, optional unless told otherwise."""

    def make(**changes):
        return a_search(**{"feature_uri": "mixpeek://sextant@v1/bearing", "optional": True, **changes})

    return make


def test_a_starting_endpoint_is_waited_for(filled, a_search):
    """An endpoint that comes up within the budget gives a whole answer."""
    outcomes = itertools.chain([cold(), cold()], itertools.repeat(None))
    filled.encoder.failures["compass"] = lambda: next(outcomes)
    execution = filled.search(a_search())
    assert (execution.status, len(execution.documents)) == ("completed", 4)
    assert len(filled.encoder.calls) == 3


def test_an_endpoint_that_stays_cold_is_a_503(filled, a_search):
    """Past the budget the error says when to ask again; there is no empty answer."""
    filled.encoder.failures["compass"] = cold
    with pytest.raises(NotReady) as caught:
        filled.search(a_search(), budget_limits={"max_time_ms": 200})
    assert (caught.value.status, caught.value.retry_after_s) == (503, 0.05)


def test_interactive_callers_do_not_wait(filled, a_search):
    """`interactive` asks a cold endpoint once."""
    filled.encoder.failures["compass"] = cold
    with pytest.raises(NotReady):
        filled.search(a_search(), interactive=True)
    assert len(filled.encoder.calls) == 1


def test_an_optional_search_that_is_cold_degrades(two, a_search, sextant):
    """The others answer, and the entry names the feature that could not."""
    two.encoder.failures["sextant"] = cold
    execution = two.search(a_search(), sextant(), budget_limits={"max_time_ms": 300})
    assert (execution.status, len(execution.documents)) == ("degraded", 4)
    [entry] = execution.degraded
    assert (entry.resource, entry.id) == ("search", "mixpeek://sextant@v1/bearing")
    assert execution.completeness["embeddings"] == "partial"


def test_a_required_search_that_is_cold_is_an_error(two, a_search, sextant):
    """Only searches that are declared optional may be missing from an answer."""
    two.encoder.failures["sextant"] = cold
    with pytest.raises(NotReady):
        two.search(a_search(), sextant(optional=False), budget_limits={"max_time_ms": 200})


def test_nothing_but_optional_searches_that_are_cold_is_an_error(two, sextant):
    """When no search answers, the answer is not ready rather than empty."""
    two.encoder.failures["sextant"] = cold
    with pytest.raises(NotReady):
        two.search(sextant(), budget_limits={"max_time_ms": 200})


@pytest.mark.parametrize("where", ["retriever", "request", "stage"])
def test_a_hanging_encoder_ends_at_the_deadline(filled, a_search, where):
    """The budget of retriever, request or stage ends an execution even though the encoder never returns."""
    gate = filled.encoder.gate["compass"] = threading.Event()
    budgets = {
        "retriever": {"budget_limits": {"max_time_ms": 100}},
        "request": {"sent": {"inputs": {"query": "north"}, "max_time_ms": 100}},
        "stage": {"hard_timeout_ms": 100},
    }
    try:
        with pytest.raises(BudgetExceeded) as caught:
            filled.search(a_search(), **budgets[where])
    finally:
        gate.set()
    assert caught.value.value == 100
    assert caught.value.retryable


def test_a_hanging_optional_search_does_not_hold_back_the_others(two, a_search, sextant):
    """At the deadline what has answered is returned, and the rest is named."""
    gate = two.encoder.gate["sextant"] = threading.Event()
    try:
        execution = two.search(sextant(), a_search(), budget_limits={"max_time_ms": 500})
    finally:
        gate.set()
    assert (execution.status, len(execution.documents)) == ("degraded", 4)


def test_a_hanging_table_ends_at_the_deadline(filled, a_search, monkeypatch):
    """A search of documents that never returns is given up at the deadline, too."""
    gate = threading.Event()
    monkeypatch.setattr(filled.context.documents, "search", lambda *_, **__: gate.wait(30))
    try:
        with pytest.raises(BudgetExceeded):
            filled.search(a_search(), budget_limits={"max_time_ms": 100})
    finally:
        gate.set()


def test_a_package_that_fails_is_not_an_empty_answer(filled, a_search):
    """An error of the endpoint is an error of the request."""
    filled.encoder.failures["compass"] = lambda: EndpointFailed("It raised.")
    with pytest.raises(EndpointFailed):
        filled.search(a_search())


def test_a_query_that_the_package_refuses_is_the_callers_error(filled, a_search):
    """A refusal of the input reaches the caller as it is, without being asked again."""
    filled.encoder.failures["compass"] = lambda: InvalidInput("Too long.", field="text")
    with pytest.raises(InvalidInput):
        filled.search(a_search())
    assert len(filled.encoder.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"embedding": [1.0]},
        {"embedding": [float("nan"), 0, 0, 0]},
        {"embedding": [0.0] * 4},
        {"embedding": "x"},
    ],
)
def test_answers_without_a_usable_vector_are_an_error_of_the_endpoint(filled, a_search, monkeypatch, answer):
    """A missing vector, a wrong dimension, NaN and zeros are never searched with."""
    monkeypatch.setattr(filled.encoder, "encode", lambda *_, **__: answer)
    with pytest.raises(EndpointFailed) as caught:
        filled.search(a_search())
    assert "compass@1.0.0" in str(caught.value)


def test_a_stage_may_be_skipped_by_name(filled, body):
    """`on_error: skip` turns a part that is not ready into a degraded answer that says so."""
    filled.encoder.failures["compass"] = cold
    body["stages"][0]["on_error"] = "skip"
    body["budget_limits"] = {"max_time_ms": 200}
    execution = filled.execute(filled.retriever(body), {"inputs": {"query": "north"}})
    assert (execution.status, execution.documents) == ("degraded", ())
    assert execution.degraded[0].resource == "stage"
    assert "starting" in (execution.stages["semantic"].error or "")
