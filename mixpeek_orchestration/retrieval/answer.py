"""A retriever on the wire, in the newest spelling."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.feature_uri import SCHEME, FeatureUri
from mixpeek_orchestration.core.retriever import InputField, Retriever, StageSpec
from mixpeek_orchestration.retrieval.stages.registry import find_stage


def feature_dependencies(retriever: Retriever) -> list[FeatureUri]:
    """The features that the stages need, each once, in the order of the stages."""
    found = (
        uri
        for stage in retriever.stages
        for uri in find_stage(stage.stage_id, field="stage_id").features(stage.parameters)
    )
    return list(dict.fromkeys(found))


def retriever_answer(retriever: Retriever) -> dict[str, Any]:
    """What create and get answer: the whole retriever under `retriever`."""
    return {"retriever": retriever_fields(retriever)}


def retriever_fields(retriever: Retriever) -> dict[str, Any]:
    """One retriever, as lists show it too."""
    return {
        "retriever_id": retriever.retriever_id,
        "retriever_name": retriever.name,
        "description": retriever.description,
        "collection_ids": list(retriever.collection_ids),
        "collection_identifiers": list(retriever.collection_ids),
        "stages": [_stage(stage) for stage in retriever.stages],
        "input_schema": {name: _input(field) for name, field in retriever.input_schema.items()},
        "budget_limits": {"max_credits": retriever.max_credits, "max_time_ms": retriever.max_time_ms},
        "feature_dependencies": [_address(uri) for uri in feature_dependencies(retriever)],
        "tags": list(retriever.tags),
        "metadata": dict(retriever.metadata),
        "display_config": None if retriever.display_config is None else dict(retriever.display_config),
        "version": retriever.version,
        "fusion": _fusion(retriever),
        "visibility": "private",
        "managed_by": retriever.managed_by,
        "created_at": retriever.created_at or None,
        "updated_at": retriever.updated_at or None,
        "created_by": retriever.created_by,
        "updated_by": retriever.created_by,
    }


def _stage(stage: StageSpec) -> dict[str, Any]:
    parameters = dict(stage.parameters)
    return {
        "stage_name": stage.stage_name,
        "stage_type": stage.stage_type,
        "config": {"stage_id": stage.stage_id, "parameters": parameters},
        "parameters": parameters,
        "batch_size": stage.batch_size,
        "description": stage.description,
        "on_error": stage.on_error,
    }


def _input(field: InputField) -> dict[str, Any]:
    always = {"type": field.type, "required": field.required}
    rest = {
        "default": field.default,
        "description": field.description,
        "examples": list(field.examples) or None,
        "enum": list(field.enum) or None,
        "items": field.items,
        "properties": field.properties,
    }
    return always | {name: value for name, value in rest.items() if value is not None}


def _address(uri: FeatureUri) -> dict[str, str]:
    return {"scheme": SCHEME, "extractor": uri.extractor, "version": uri.version, "output": uri.feature}


def _fusion(retriever: Retriever) -> str | None:
    """How the last search stage fuses, `None` without one."""
    searching = [stage for stage in retriever.stages if stage.stage_id == "feature_search"]
    return str(searching[-1].parameters.get("fusion", "rrf")) if searching else None
