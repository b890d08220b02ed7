"""Extractors on the wire: what they read and make, how they are used, and whether they answer queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import FeatureUri
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.published import plugin_id
from mixpeek_orchestration.warehouse.discovery import Discovered, Discovery

_ICONS: Final = {
    "text": "type",
    "image": "image",
    "video": "video",
    "audio": "audio-lines",
    "pdf": "file-text",
}


def extractor_item(one: Discovered) -> dict[str, Any]:
    """Everything that is known of an extractor without running it."""
    described, plugin = one.description, one.plugin
    return {
        **_what_it_is(described),
        **_what_it_takes(described),
        "required_vector_indexes": [_vector(described, vector) for vector in described.vectors],
        "required_payload_indexes": [],
        "position_fields": list(described.position_fields),
        "feature_uri": _uri(described, described.vectors[0]) if described.vectors else described.feature_uri,
        "capabilities": ["batch", "realtime"] if described.has_realtime else ["batch"],
        "example_usage": _example(described),
        "realtime_available": _is_running(one.endpoint) if described.has_realtime else None,
        "serve_apps": _serve_apps(described, one.endpoint),
        "plugin_id": plugin.plugin_id if plugin else None,
        "deployed": one.is_deployed if plugin else None,
        "validation_status": "passed" if plugin else None,
        "isolation": described.isolation,
        "created_at": (plugin.created_at or None) if plugin else None,
        "updated_at": (plugin.created_at or None) if plugin else None,
    }


def extractor_listing(discovery: Discovery, namespace_id: str) -> dict[str, Any]:
    """All extractors of a namespace; `unavailable` says why one is missing."""
    items = [extractor_item(one) for one in discovery.found]
    builtin = sum(item["source"] == "builtin" for item in items)
    return {
        "success": True,
        "extractors": items,
        "total": len(items),
        "namespace_id": namespace_id,
        "builtin_count": builtin,
        "custom_count": sum(item["source"] == "custom" for item in items),
        "unavailable": [
            {"extractor": name, "message": error.message, **error.details()}
            for name, error in discovery.broken.items()
        ],
    }


def feature_menu(found: Sequence[Discovered]) -> dict[str, Any]:
    """What can be searched by: the features of built-in extractors by modality, then those of published ones."""
    shared = [one.description for one in found if one.description.source == "builtin"]
    modalities = sorted({kind for described in shared for kind in described.supported_input_types})
    return {
        "modalities": [
            {
                "modality": modality,
                "features": [
                    feature
                    for described in shared
                    if modality in described.supported_input_types
                    for feature in _features(described)
                ],
            }
            for modality in modalities
        ],
        "custom_features": [
            {**feature, "key": f"custom:{one.description.name}"}
            for one in found
            if one.description.source != "builtin"
            for feature in _features(one.description)
        ],
        "full_res_multiplier": 1.0,
    }


def _what_it_is(described: ExtractorDescription) -> dict[str, Any]:
    kinds = described.supported_input_types
    return {
        "feature_extractor_name": described.name,
        "version": described.version,
        "feature_extractor_id": _identifier(described),
        "source": described.source,
        "description": described.description,
        "icon": _ICONS.get(kinds[0], "box") if len(kinds) == 1 else "box",
        "category": described.category or "general",
        "author": described.author,
        "inference_type": described.inference_type,
        "costs": None,
    }


def _what_it_takes(described: ExtractorDescription) -> dict[str, Any]:
    kinds = described.supported_input_types
    specific = len(kinds) == 1
    return {
        "input_schema": dict(described.input_schema),
        "output_schema": dict(described.output_schema),
        "parameter_schema": dict(described.parameter_schema) or None,
        "default_parameters": dict(described.parameters),
        "supported_input_types": list(kinds),
        "max_inputs": {},
        "type_mode": "type_specific" if specific else "multimodal",
        "expected_input_types": dict.fromkeys(described.input_fields, kinds[0]) if specific else None,
    }


def _identifier(described: ExtractorDescription) -> str:
    if described.archive:
        return plugin_id(described.name, described.version)
    return f"{described.name}_{described.version}"


def _uri(described: ExtractorDescription, vector: VectorIndex) -> str:
    return str(FeatureUri(described.name, described.version, vector.feature))


def _vector(described: ExtractorDescription, vector: VectorIndex) -> dict[str, Any]:
    about = f"Vectors that {described.name} makes: {vector.dimension} numbers, compared by {vector.distance}."
    return {
        "name": vector.feature,
        "description": about,
        "type": "single",
        "feature_uri": _uri(described, vector),
        "index": {
            "name": vector.column,
            "description": about,
            "dimensions": vector.dimension,
            "type": "dense",
            "distance": vector.distance,
            "datatype": "float32",
        },
    }


def _features(described: ExtractorDescription) -> list[dict[str, Any]]:
    return [
        {
            "key": vector.feature,
            "label": vector.feature.replace("_", " "),
            "description": described.description,
            "feature_extractor_id": _identifier(described),
            "feature_uri": _uri(described, vector),
            "dimensions": vector.dimension,
            "distance": vector.distance,
        }
        for vector in described.vectors
    ]


def _example(described: ExtractorDescription) -> dict[str, Any]:
    """The smallest collection that works, and a search in it."""
    fields = described.input_fields or ("content",)
    kind = described.supported_input_types[0] if described.supported_input_types else "text"
    usage: dict[str, Any] = {
        "bucket_schema": {"properties": {name: {"type": kind} for name in fields}},
        "feature_extractor": {
            "feature_extractor_name": described.name,
            "version": described.version,
            "input_mappings": {name: name for name in fields},
            "parameters": {},
        },
    }
    if described.vectors:
        query = {"input_mode": "text", "value": "{{INPUT.query}}"}
        usage["search"] = {"feature_uri": _uri(described, described.vectors[0]), "query": query, "top_k": 10}
    return usage


def _is_running(endpoint: Deployment | None) -> bool:
    return endpoint is not None and endpoint.status == "RUNNING"


def _serve_apps(described: ExtractorDescription, endpoint: Deployment | None) -> list[dict[str, str]]:
    if not described.has_realtime:
        return []
    if endpoint is None:
        return [{"name": _identifier(described), "status": "absent"}]
    return [{"name": endpoint.endpoint_id, "status": endpoint.status}]
