"""Creating retrievers: every documented spelling, one stored form, and refusals that name the field."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError, NotFound, UnknownField, Unsupported
from mixpeek_orchestration.retrieval.answer import retriever_answer

FLAT = {
    "searches": [{"feature_uri": "mixpeek://compass@v1/bearing", "query": "{{INPUT.query}}", "top_k": 20}]
}
CONFIG = {"stage_id": "feature_search", "parameters": FLAT}
SPELLINGS = {
    "config": {"stage_name": "semantic", "stage_type": "filter", "config": CONFIG},
    "no stage_type": {"stage_name": "semantic", "config": CONFIG},
    "flat": {"stage_name": "semantic", "stage_id": "feature_search", "parameters": FLAT},
    "name and config.stage_name": {
        "name": "semantic",
        "stage_type": "filter",
        "config": {"stage_name": "feature_search", "version": "v1", "parameters": FLAT},
    },
    "as answered": {"stage_name": "semantic", "config": CONFIG, "parameters": FLAT},
    "former stage id": {"stage_name": "semantic", "config": {**CONFIG, "stage_id": "feature_filter"}},
}
QUERIES = {
    "bare": "{{INPUT.query}}",
    "value": {"input_mode": "text", "value": "{{INPUT.query}}"},
    "legacy text": {"input_mode": "text", "text": "{{INPUT.query}}"},
    "no input_mode": {"value": "{{INPUT.query}}"},
    "no input_mode, legacy text": {"text": "{{INPUT.query}}"},
}
DISPLAY = {
    "title": "Product Search",
    "description": "Search through our catalog",
    "inputs": [
        {
            "field_name": "query",
            "field_schema": {"type": "string", "examples": ["laptop"]},
            "input_type": "text",
            "label": "Search",
            "order": 0,
            "required": True,
        }
    ],
    "exposed_fields": ["title", "price"],
    "components": {"result_card": {"layout": "vertical", "show_thumbnail": True}, "result_layout": "grid"},
    "field_config": {"price": {"format": "number", "format_options": {"decimals": 2}}},
    "field_mappings": {"thumbnail": "image_url"},
    "layout": {"columns": 3, "gap": "16px", "mode": "grid"},
    "markdowns": [{"title": "How", "content": "# How"}],
    "custom_cta": {"label": "Tips", "markdown_content": "# Tips"},
    "theme": {"primary_color": "#007AFF"},
    "template_type": "media-search",
    "logo_url": "https://example.com/logo.png",
    "something_of_mine": {"kept": True},
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_stage_is_one_retriever(filled, body, spelling):
    """However a stage is written, the same retriever is stored and answered in the newest spelling."""
    body["stages"] = [SPELLINGS[spelling]]
    [stage] = retriever_answer(filled.retriever(body))["retriever"]["stages"]
    assert stage["stage_name"] == "semantic"
    assert stage["stage_type"] == "filter"
    assert stage["config"]["stage_id"] == "feature_search"
    [search] = stage["config"]["parameters"]["searches"]
    assert search["query"] == {"input_mode": "text", "value": "{{INPUT.query}}"}
    assert stage["parameters"] == stage["config"]["parameters"]


@pytest.mark.parametrize("spelling", QUERIES)
def test_every_spelling_of_a_query_is_one_query(filled, body, a_search, spelling):
    """A bare string, `text` and `value` all store the same query."""
    body["stages"][0]["config"]["parameters"]["searches"] = [a_search(query=QUERIES[spelling])]
    [stage] = filled.retriever(body).stages
    assert stage.parameters["searches"][0]["query"] == {"input_mode": "text", "value": "{{INPUT.query}}"}


def test_collections_by_name_or_id_and_under_both_keys(filled, body):
    """`collection_ids` and `collection_identifiers`, names and ids, all end as ids."""
    body.pop("collection_identifiers")
    for spelling in (
        {"collection_ids": ["places"]},
        {"collection_identifiers": ["col_places", "places"]},
        {"collection_ids": ["places"], "collection_identifiers": ["places"]},
    ):
        assert filled.retriever(body | spelling).collection_ids == ("col_places",)


def test_whole_documented_body_comes_back_whole(filled, body):
    """Everything the documented create body has is kept, display_config with keys of one's own included."""
    body |= {
        "description": "Finds places",
        "budget_limits": {"max_credits": 1, "max_time_ms": 60000},
        "tags": ["demo"],
        "metadata": {"team": "maps"},
        "display_config": DISPLAY,
        "visibility": "private",
        "requires_subscription": False,
    }
    body["stages"][0] |= {"batch_size": "{{INPUT.n}}", "description": "by meaning", "on_error": "error"}
    body["input_schema"]["n"] = {
        "type": "integer",
        "default": 5,
        "description": "how many",
        "examples": [1, 2],
        "enum": [1, 2, 5],
    }
    answer = retriever_answer(filled.retriever(body))["retriever"]
    assert answer["display_config"] == DISPLAY
    assert answer["description"] == "Finds places"
    assert answer["budget_limits"] == {"max_credits": 1.0, "max_time_ms": 60000}
    assert (answer["tags"], answer["metadata"]) == (["demo"], {"team": "maps"})
    assert answer["input_schema"]["n"]["enum"] == [1, 2, 5]
    assert answer["input_schema"]["query"] == {"type": "text", "required": True}
    assert answer["stages"][0]["batch_size"] == "{{INPUT.n}}"
    assert answer["feature_dependencies"] == [
        {"scheme": "mixpeek", "extractor": "compass", "version": "v1", "output": "bearing"}
    ]
    assert answer["collection_ids"] == answer["collection_identifiers"] == ["col_places"]
    assert (answer["version"], answer["fusion"]) == (1, "rrf")


def test_answer_is_what_the_official_client_reads(filled, body):
    """The client's own model takes the answer, with every field it knows."""
    from mixpeek.models.retriever_config import RetrieverConfig

    body["display_config"] = DISPLAY
    answer = retriever_answer(filled.retriever(body))["retriever"]
    config = RetrieverConfig.from_dict(json.loads(json.dumps(answer)))
    assert config.retriever_id == answer["retriever_id"]
    assert config.stages[0].config["stage_id"] == "feature_search"
    assert config.feature_dependencies[0].extractor == "compass"


def test_input_schema_may_be_a_json_schema(filled, body):
    """`properties` and `required` of a JSON schema become inputs."""
    body["input_schema"] = {
        "type": "object",
        "properties": {"query": {"type": "text"}},
        "required": ["query"],
    }
    assert filled.retriever(body).input_schema["query"].required


def test_an_input_may_be_called_properties(filled, body):
    """A field of that name is not mistaken for a JSON schema."""
    body["input_schema"] |= {"properties": {"type": "object"}}
    assert set(filled.retriever(body).input_schema) == {"query", "properties"}


def test_retriever_survives_the_catalog(filled, body):
    """What is read back from the catalog equals what was put there."""
    resources = filled.context.catalog.resources
    retriever = filled.retriever(body | {"display_config": DISPLAY})
    resources.put_retriever(retriever)
    assert retriever_answer(resources.retriever("ns_1", "find")) == retriever_answer(retriever)


def _at(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the body with one value set."""
    changed = copy.deepcopy(body)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = changed
    for part in way:
        place = place[part]
    place[last] = value
    return changed


PARAMETERS = "stages.0.config.parameters"
FIRST = f"{PARAMETERS}.searches.0"
REFUSED: list[tuple[str, Any, type[MixpeekError], str]] = [
    ("retrieverr_name", "x", UnknownField, "retrieverr_name"),
    ("retriever_name", "", InvalidInput, "retriever_name"),
    ("stages", [], InvalidInput, "stages"),
    ("stages.0.colour", "red", UnknownField, "stages.0.colour"),
    ("stages.0.config.prefilters", {}, UnknownField, "stages.0.config.prefilters"),
    ("stages.0.stage_type", "sort", InvalidInput, "stages.0.stage_type"),
    ("stages.0.config", {}, InvalidInput, "stages.0.config.stage_id"),
    ("stages.0.config.stage_id", "rerank", Unsupported, "stages.0.config.stage_id"),
    ("stages.0.config.stage_id", "feature_serch", InvalidInput, "stages.0.config.stage_id"),
    ("stages.0.config.pre_filters", {"AND": []}, Unsupported, "stages.0.config.pre_filters"),
    ("stages.0.output_alias", "first", Unsupported, "stages.0.output_alias"),
    ("visibility", "public", InvalidInput, "visibility"),
    ("marketplace_listing_id", "mkt", Unsupported, "marketplace_listing_id"),
    ("budget_limits", {"max_time_ms": 0}, InvalidInput, "budget_limits.max_time_ms"),
    ("input_schema.query.type", "txt", InvalidInput, "input_schema.query.type"),
    ("display_config", {"exposed_fields": "title"}, InvalidInput, "display_config.exposed_fields"),
    ("collection_identifiers", ["nowhere"], NotFound, "collection_identifiers"),
    ("collection_identifiers", [], InvalidInput, f"{FIRST}.feature_uri"),
    (f"{PARAMETERS}.top_n", 5, UnknownField, f"{PARAMETERS}.top_n"),
    (f"{PARAMETERS}.searches", [], InvalidInput, f"{PARAMETERS}.searches"),
    (f"{PARAMETERS}.fusion", "learned", Unsupported, f"{PARAMETERS}.fusion"),
    (f"{PARAMETERS}.fusion", "best", InvalidInput, f"{PARAMETERS}.fusion"),
    (f"{PARAMETERS}.group_by", {"field": "x"}, Unsupported, f"{PARAMETERS}.group_by"),
    (f"{PARAMETERS}.facets", [{"key": "x"}], Unsupported, f"{PARAMETERS}.facets"),
    (f"{PARAMETERS}.learning_config", {"reward": 1}, Unsupported, f"{PARAMETERS}.learning_config"),
    (f"{PARAMETERS}.cache_behavior", "aggressive", Unsupported, f"{PARAMETERS}.cache_behavior"),
    (f"{PARAMETERS}.final_top_k", 5001, InvalidInput, f"{PARAMETERS}.final_top_k"),
    (f"{FIRST}.lexical", True, Unsupported, f"{FIRST}.lexical"),
    (f"{FIRST}.on_empty", "random", Unsupported, f"{FIRST}.on_empty"),
    (f"{FIRST}.query_preprocessing", {"max_chunks": 2}, Unsupported, f"{FIRST}.query_preprocessing"),
    (f"{FIRST}.top_k", 0, InvalidInput, f"{FIRST}.top_k"),
    (f"{FIRST}.top_k", "ten", InvalidInput, f"{FIRST}.top_k"),
    (f"{FIRST}.min_score", float("nan"), InvalidInput, f"{FIRST}.min_score"),
    (f"{FIRST}.weight", 2, InvalidInput, f"{FIRST}.weight"),
    (f"{FIRST}.collection_identifiers", ["nowhere"], InvalidInput, f"{FIRST}.collection_identifiers"),
    (f"{FIRST}.feature_uri", "compass/bearing", InvalidInput, f"{FIRST}.feature_uri"),
    (f"{FIRST}.feature_uri", "mixpeek://compass@v1/embedding", InvalidInput, f"{FIRST}.feature_uri"),
    (f"{FIRST}.feature_uri", "mixpeek://compass@v2/bearing", InvalidInput, f"{FIRST}.feature_uri"),
    (f"{FIRST}.query", {"input_mode": "content", "value": "x"}, Unsupported, f"{FIRST}.query.input_mode"),
    (f"{FIRST}.query", {"input_mode": "vector", "value": "x"}, InvalidInput, f"{FIRST}.query"),
    (f"{FIRST}.query", {"value": "x", "embeding_task": "none"}, UnknownField, f"{FIRST}.query.embeding_task"),
    (f"{FIRST}.query", [1.0, 0.0], InvalidInput, f"{FIRST}.query.value"),
    (f"{FIRST}.query", [0.0, 0.0, 0.0, 0.0], InvalidInput, f"{FIRST}.query.value"),
    (f"{FIRST}.query.value", "{{INPUT.query", InvalidInput, f"{FIRST}.query.value"),
    (f"{FIRST}.query.value", "{{query}}", InvalidInput, f"{FIRST}.query.value"),
    (f"{FIRST}.query.value", "{{DOC.title}}", Unsupported, f"{FIRST}.query.value"),
    (f"{FIRST}.query.value", "{{INPUT.qurey}}", InvalidInput, PARAMETERS),
]


@pytest.mark.parametrize(("path", "value", "error", "field"), REFUSED)
def test_refusals_name_field_value_and_fix(filled, body, path, value, error, field):
    """What cannot work is refused when the retriever is created, by the path of the field that is wrong."""
    with pytest.raises(error) as caught:
        filled.retriever(_at(body, path, value))
    assert type(caught.value) is error
    assert caught.value.field == field
    assert caught.value.status in (404, 422)


def test_a_documented_stage_that_is_not_built_is_named_with_those_that_are(filled, body):
    """`rerank` is refused as unsupported, and the fix lists what there is."""
    with pytest.raises(Unsupported) as caught:
        filled.retriever(_at(body, "stages.0.config.stage_id", "rerank"))
    assert "'rerank'" in str(caught.value)
    assert "feature_search" in (caught.value.fix or "")


def test_an_unknown_feature_is_answered_with_the_features_there_are(filled, body):
    """The fix has the URIs that can be searched, ready to copy."""
    with pytest.raises(InvalidInput) as caught:
        filled.retriever(_at(body, f"{FIRST}.feature_uri", "mixpeek://compass@v1/embedding"))
    assert "mixpeek://compass@v1/bearing" in (caught.value.fix or "")


@pytest.mark.parametrize("uri", ["mixpeek://compass@1.0.0/bearing", "mixpeek://compass@1/compass_v1_bearing"])
def test_version_and_column_spellings_name_the_same_feature(filled, body, uri):
    """`v1`, `1` and `1.0.0` are one version, and a vector's column names its feature too."""
    assert filled.retriever(_at(body, f"{FIRST}.feature_uri", uri)).stages
