"""Executing retrievers: what is found, in which order, and how the answer says it."""

from __future__ import annotations

import json
import threading

import pytest

from mixpeek_orchestration.core.errors import InvalidInput, NotFound, Unsupported
from mixpeek_orchestration.core.ports.deployments import Deployment

VECTOR = {"input_mode": "vector", "value": [1, 0, 0, 0]}


def ids(execution):
    return [document["document_id"] for document in execution.documents]


def test_nearest_documents_come_first_with_their_fields(filled, body):
    """The walk-through's retriever finds by meaning, and results are flat: fields, score, and where they come from."""
    execution = filled.execute(filled.retriever(body), {"inputs": {"query": "north"}})
    assert execution.status == "completed"
    assert ids(execution) == ["doc_a", "doc_b", "doc_c", "doc_d"]
    first = execution.documents[0]
    assert first == {
        "document_id": "doc_a",
        "collection_id": "col_places",
        "score": pytest.approx(1.0),
        "feature_uri": "mixpeek://compass@v1/bearing",
        "text": "north",
        "stars": 5,
        "root_object_id": "a",
        "root_bucket_id": "bkt_1",
        "source_object_id": "a",
        "source_collection_id": None,
        "source_document_id": None,
    }


def test_a_query_longer_than_the_model_reads_is_answered_with_a_warning(filled, body):
    """The answer is whole, and says how much of the query was not looked for; a shorter one has no warning."""
    retriever = filled.retriever(body)
    assert not filled.execute(retriever, {"inputs": {"query": "north"}}).warnings
    filled.encoder.truncated_tokens = 46
    execution = filled.execute(retriever, {"inputs": {"query": "north"}})
    assert execution.status == "completed"
    assert execution.warnings == (
        "The last 46 tokens of the query are more than the model of compass reads.",
    )


def test_answer_is_what_the_official_client_reads(filled, body):
    """The client's own response model takes the whole answer, JSON round trip included."""
    from mixpeek.models.execute_retriever_response import ExecuteRetrieverResponse

    wire = filled.execute(filled.retriever(body), {"inputs": {"query": "north"}, "limit": 2}).wire()
    response = ExecuteRetrieverResponse.from_dict(json.loads(json.dumps(wire, allow_nan=False)))
    assert response.status == "completed"
    assert [document["document_id"] for document in response.documents] == ["doc_a", "doc_b"]
    assert response.results == response.documents
    stage = response.stage_statistics.stages["semantic"]
    assert (stage.input_count, stage.output_count) == (0, 4)
    assert response.pagination["total"] == 4
    assert response.completeness == {"embeddings": "complete", "page": "complete", "overall": "complete"}


def test_degraded_answer_is_what_the_official_client_reads(library, a_search):
    """Entries of `degraded` fit the client's model."""
    from mixpeek.models.execute_retriever_response import ExecuteRetrieverResponse

    library.collection("places")
    wire = library.search(a_search()).wire()
    [entry] = ExecuteRetrieverResponse.from_dict(json.loads(json.dumps(wire))).degraded
    assert (entry.resource, entry.id, entry.stage) == ("collection", "col_places", "search")


def test_a_query_is_encoded_once(filled, a_search):
    """Two searches for the same text over one extractor cost one encoding; another text costs another."""
    same, other = a_search(), a_search(query="south")
    filled.search(same, dict(same, top_k=5), other)
    assert sorted(call[2] for call in filled.encoder.calls) == ["north", "south"]


def test_collections_with_other_parameters_get_their_own_encoding(filled, a_search):
    """Collections share an encoding only when extractor, version and parameters are the same."""
    filled.fill(filled.collection("more"), {"e": "north"})
    filled.fill(filled.collection("longer", size=2), {"f": "north"})
    execution = filled.search(a_search())
    assert len(filled.encoder.calls) == 2
    assert {"doc_a", "doc_e", "doc_f"} <= set(ids(execution))


def test_equal_scores_are_ordered_by_document_id(library, a_search):
    """The same documents give the same order, however they lie in their tables."""
    library.fill(library.collection("one"), {"z": "north", "m": "north"})
    library.fill(library.collection("two"), {"a": "north", "q": "north"})
    assert ids(library.search(a_search())) == ["doc_a", "doc_m", "doc_q", "doc_z"]
    fused = library.search(a_search(), a_search(query="north north"))
    assert ids(fused) == ["doc_a", "doc_m", "doc_q", "doc_z"]


def test_top_k_and_final_top_k_and_min_score_cut(filled, a_search):
    """`top_k` bounds a search, `final_top_k` the fused list, and `min_score` leaves out what is too far."""
    assert ids(filled.search(a_search(top_k=3))) == ["doc_a", "doc_b", "doc_c"]
    assert ids(filled.search(a_search(), final_top_k=1)) == ["doc_a"]
    assert ids(filled.search(a_search(min_score=0.5))) == ["doc_a", "doc_b"]


def test_rrf_adds_up_ranks_over_searches(filled, a_search):
    """A document that two searches like beats one that a single search likes most; the score is the sum of ranks."""
    execution = filled.search(a_search(query="north", top_k=2), a_search(query="east", top_k=2))
    assert ids(execution)[0] == "doc_b"
    assert execution.documents[0]["score"] == pytest.approx(1 / 62 + 1 / 62)
    assert execution.documents[1]["score"] == pytest.approx(1 / 61)


def test_weights_let_one_search_lead(filled, a_search):
    """Under weighted fusion the heavier search decides."""
    light, heavy = a_search(query="north", weight=0.1), a_search(query="south", weight=0.9)
    assert ids(filled.search(light, heavy, fusion="weighted"))[0] == "doc_d"


def test_searches_can_name_their_collections(filled, a_search):
    """The most specific list of collections wins."""
    filled.fill(filled.collection("more"), {"e": "north"})
    assert ids(filled.search(a_search(collection_identifiers=["more"]))) == ["doc_e"]
    assert ids(filled.search(a_search(), collection_identifiers=["col_more"])) == ["doc_e"]
    both = filled.search(a_search(collection_identifiers=["places"]), collection_identifiers=["more"])
    assert "doc_e" not in ids(both)


def test_vector_query_needs_no_endpoint(filled, a_search):
    """A given vector is searched as it is, and nothing is encoded."""
    assert ids(filled.search(a_search(query=VECTOR)))[0] == "doc_a"
    assert filled.encoder.calls == []


@pytest.mark.parametrize(
    "value", [[1, 0], [0, 0, 0, 0], ["a", 0, 0, 0], [float("inf"), 0, 0, 0], [True, 0, 0, 0], "north"]
)
def test_vector_inputs_that_do_not_fit_are_refused(filled, a_search, value):
    """A wrong dimension, a zero vector, and what is no number are refused before any search."""
    query = {"input_mode": "vector", "value": "{{INPUT.vector}}"}
    with pytest.raises(InvalidInput) as caught:
        filled.search(a_search(query=query), sent={"inputs": {"vector": value}})
    assert (caught.value.field or "").startswith("stages.0.config.parameters.searches.0.query")


def test_templates_keep_types(filled, a_search):
    """A parameter that is one expression takes the input's own type, a number included."""
    sent = {"inputs": {"query": "north", "k": 2}}
    assert len(ids(filled.search(a_search(top_k="{{ INPUT.k }}"), sent=sent))) == 2
    with pytest.raises(InvalidInput) as caught:
        filled.search(a_search(top_k="{{INPUT.k}}"), sent={"inputs": {"query": "north", "k": "2; drop"}})
    assert caught.value.field == "stages.0.config.parameters.searches.0.top_k"


def test_defaults_and_ignored_inputs_are_told(filled, body):
    """The answer says which inputs were filled in and which had no effect."""
    body["input_schema"] = {"query": {"type": "text", "default": "east"}}
    execution = filled.execute(filled.retriever(body), {"inputs": {"unused": 1}})
    assert ids(execution)[0] == "doc_c"
    assert execution.interpretation == {
        "provided_input_keys": ["unused"],
        "inferred_inputs": {"query": "east"},
        "ignored_input_keys": ["unused"],
        "relaxations": [],
    }


def test_missing_and_ill_typed_inputs_are_named(filled, body):
    """A required input that is missing, and one of another type, are refused by name."""
    retriever = filled.retriever(body)
    for sent in ({}, {"inputs": {"query": None}}, {"inputs": {"query": 7}}):
        with pytest.raises(InvalidInput) as caught:
            filled.execute(retriever, sent)
        assert caught.value.field == "inputs.query"


def test_an_undeclared_input_that_a_template_needs_is_named(filled, body):
    """Without a schema the template itself says what is missing."""
    body.pop("input_schema")
    with pytest.raises(InvalidInput) as caught:
        filled.execute(filled.retriever(body), {})
    assert caught.value.field == "inputs.query"


def test_input_singular_is_accepted(filled, body):
    """`{"input": …}` is an older spelling of `{"inputs": …}`."""
    assert ids(filled.execute(filled.retriever(body), {"input": {"query": "east"}}))[0] == "doc_c"


def test_empty_queries_are_refused_or_skipped(filled, a_search):
    """An empty text is an error, unless its search says `skip` and another one is left."""
    empty = {"inputs": {"query": "  ", "other": "east"}}
    with pytest.raises(InvalidInput):
        filled.search(a_search(), sent=empty)
    with pytest.raises(InvalidInput):
        filled.search(a_search(on_empty="skip"), sent=empty)
    other = a_search(query="{{INPUT.other}}")
    assert ids(filled.search(a_search(on_empty="skip"), other, sent=empty))[0] == "doc_c"


def test_optional_inputs_that_are_not_sent_leave_the_default(filled, a_search):
    """A parameter whose whole value is an optional input falls back to its default, a query to `on_empty`."""
    schema = {"query": {"type": "text"}, "other": {"type": "text"}, "k": {"type": "integer"}}
    execution = filled.search(
        a_search(top_k="{{INPUT.k}}"),
        a_search(query="{{INPUT.other}}", on_empty="skip"),
        input_schema=schema,
    )
    assert len(ids(execution)) == 4
    assert execution.stages["search"].metadata["searches"] == 1


def test_pages_by_limit_offset_and_cursor(filled, a_search):
    """Every way of paging walks over the same list, and says what is left."""

    def page(**sent):
        return filled.search(a_search(), sent={"inputs": {"query": "north"}, **sent})

    first = page(limit=3)
    assert (ids(first), first.pagination["has_next"]) == (["doc_a", "doc_b", "doc_c"], True)
    cursor = first.pagination["cursor"]
    last = page(pagination={"method": "cursor", "limit": 3, "cursor": cursor})
    assert (ids(last), last.pagination["has_next"], last.pagination["cursor"]) == (["doc_d"], False, None)
    second = page(pagination={"method": "offset", "page_size": 2, "page_number": 2})
    assert ids(second) == ["doc_c", "doc_d"]
    assert (second.pagination["total"], second.pagination["page_number"]) == (4, 2)
    assert ids(page(limit=1, offset=2)) == ["doc_c"]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"limit": 501}, InvalidInput),
        ({"limt": 1}, InvalidInput),
        ({"pagination": {"method": "scroll"}}, Unsupported),
        ({"pagination": {"cursor": "nonsense"}}, InvalidInput),
        ({"filters": {"AND": []}}, Unsupported),
        ({"stream": True}, Unsupported),
        ({"target_collection_id": "col_1"}, Unsupported),
    ],
)
def test_execute_bodies_that_cannot_be_served_are_refused(filled, a_search, sent, error):
    """Unknown fields, caps and what is not built are refused instead of ignored."""
    with pytest.raises(error):
        filled.search(a_search(), sent={"inputs": {"query": "north"}, **sent})


def test_vectors_come_only_when_asked(filled, a_search):
    """`return_vectors` adds the vector columns; system columns never show."""
    plain = filled.search(a_search()).documents[0]
    assert not any(name.startswith("_") for name in plain)
    assert "compass_v1_bearing" not in plain
    sent = {"inputs": {"query": "north"}, "return_vectors": True}
    assert filled.search(a_search(), sent=sent).documents[0]["compass_v1_bearing"] == [1, 0, 0, 0]


def test_a_field_that_a_result_cannot_show_is_told(library, a_search):
    """A document field called `score` gives way to the search's score, with a warning."""
    library.fill(library.collection("places"), {"a": "north"}, score=[99])
    execution = library.search(a_search())
    assert execution.documents[0]["score"] == pytest.approx(1.0)
    assert "'score'" in execution.warnings[0]


def test_a_request_reads_one_version_of_a_table(filled, a_search, monkeypatch):
    """All searches of a request see the table as it was when the request began, whatever is committed meanwhile."""
    store = filled.context.documents
    seen: list[int | None] = []
    real = store.search

    def search_and_commit(table, vector, query, *, k, where=None, version=None):
        seen.append(version)
        answer = real(table, vector, query, k=k, where=where, version=version)
        generation = filled.context.catalog.resources.generation("gen_places")
        filled.fill(generation, {f"late{len(seen)}": "north"}, stars=[0])
        return answer

    monkeypatch.setattr(store, "search", search_and_commit)
    execution = filled.search(a_search(query="north"), a_search(query="east"))
    assert seen == [1, 1]
    assert set(ids(execution)) == {"doc_a", "doc_b", "doc_c", "doc_d"}


def test_never_processed_collections_degrade_the_answer(filled, a_search):
    """A collection without a table is named, and the others answer."""
    filled.collection("more")
    execution = filled.search(a_search())
    assert execution.status == "degraded"
    assert ids(execution)[0] == "doc_a"
    [entry] = execution.degraded
    assert (entry.resource, entry.id) == ("collection", "col_more")
    assert "not materialized yet" in entry.reason


def test_an_unfilled_collection_alone_is_never_an_empty_success(library, a_search):
    """With nothing to search the answer is empty and degraded, not completed."""
    library.collection("places")
    execution = library.search(a_search())
    assert (execution.status, execution.documents) == ("degraded", ())
    assert execution.wire()["completeness"]["overall"] == "partial"


def test_a_deleted_collection_is_named(filled, body):
    """A retriever outlives one of its collections, saying so; without any left it is refused."""
    filled.fill(filled.collection("more"), {"e": "north"})
    retriever = filled.retriever(body | {"collection_identifiers": ["places", "more"]})
    resources = filled.context.catalog.resources
    resources.delete_collection("col_more")
    execution = filled.execute(retriever, {"inputs": {"query": "north"}})
    assert (execution.status, execution.degraded[0].id) == ("degraded", "col_more")
    resources.delete_collection("col_places")
    with pytest.raises(NotFound):
        filled.execute(retriever, {"inputs": {"query": "north"}})


@pytest.mark.parametrize(("running", "status"), [("code_a", "completed"), ("code_b", "degraded")])
def test_an_endpoint_with_other_code_than_the_documents_degrades(filled, a_search, running, status):
    """Query and documents must be embedded by the same code; otherwise the answer names both."""
    from mixpeek_orchestration.core.fingerprint import fields_fp

    filled.context.catalog.deployments.put(
        Deployment("end_1", "compass", "v1", status="RUNNING", code_fps={fields_fp({}): running})
    )
    execution = filled.search(a_search())
    assert execution.status == status
    assert len(execution.documents) == 4
    for entry in execution.degraded:
        assert (entry.resource, entry.id) == ("endpoint", "end_1")
        assert "code_a" in entry.reason
        assert "code_b" in entry.reason


def test_executions_may_run_at_the_same_time(filled, body):
    """Threads that share a context get the same answers as one."""
    retriever = filled.retriever(body)
    answers: list[list[str]] = []

    def run() -> None:
        answers.append(ids(filled.execute(retriever, {"inputs": {"query": "north"}})))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [["doc_a", "doc_b", "doc_c", "doc_d"]] * 8
