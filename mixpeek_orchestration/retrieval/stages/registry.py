"""The table of stages. A new stage is one module and one line here."""

from __future__ import annotations

import difflib

from mixpeek_orchestration.core.errors import InvalidInput, Unsupported
from mixpeek_orchestration.retrieval.stages.feature_search.stage import FeatureSearch
from mixpeek_orchestration.retrieval.stages.stage import Stage

STAGES: dict[str, Stage] = {stage.stage_id: stage for stage in (FeatureSearch(),)}

FORMER_NAMES = {"feature_filter": "feature_search"}

LATER = frozenset(
    [
        "attribute_filter",
        "llm_filter",
        "agent_search",
        "query_expand",
        "semantic_search",
        "hybrid_search",
        "structured_filter",
        "knn_search",
        "learned_rerank",
        "sort_relevance",
        "sort_attribute",
        "mmr",
        "rerank",
        "maxsim_rerank",
        "score_normalize",
        "aggregate",
        "group_by",
        "sample",
        "summarize",
        "limit",
        "deduplicate",
        "cluster",
        "temporal",
        "moment_group",
        "score_threshold",
        "json_transform",
        "rag_prepare",
        "external_web_search",
        "external_reverse_image",
        "api_call",
        "sql_lookup",
        "web_scrape",
        "cross_compare",
        "unwind",
        "code_execution",
        "traverse_edge",
        "llm_enrich",
        "taxonomy_enrich",
        "document_enrich",
        "agentic_enrich",
        "classify",
    ]
)
"""Stages that Mixpeek's documentation has and that are not built yet."""


def find_stage(stage_id: str, *, field: str) -> Stage:
    """The stage of that id; raises `Unsupported` for a documented one, `InvalidInput` for an unknown one."""
    stage = STAGES.get(FORMER_NAMES.get(stage_id, stage_id))
    if stage is not None:
        return stage
    built = f"There is: {', '.join(sorted(STAGES))}."
    if stage_id in LATER:
        raise Unsupported(
            f"The stage {stage_id!r} is documented but not built yet.", field=field, value=stage_id, fix=built
        )
    near = difflib.get_close_matches(stage_id, STAGES, n=1)
    fix = f"Did you mean {near[0]!r}? {built}" if near else built
    raise InvalidInput(f"There is no stage {stage_id!r}.", field=field, value=stage_id, fix=fix)
