"""Collections on the wire: what they read, what fills them, and what can be searched in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.core.collection import Collection, ExtractorChoice, Generation, Source, VectorIndex
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.schedule import schedule_answer

_WIRE_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array"})


@dataclass(frozen=True)
class Contents:
    """What is known about a collection beside its definition. `source_schema` has the properties of its sources;
    `description` is missing when its extractor does not load any more."""

    generation: Generation
    document_count: int
    source_schema: Mapping[str, Any]
    description: ExtractorDescription | None = None
    beside: tuple[Generation, ...] = ()
    """Generations that do not answer, and are kept up to date."""


def collection_answer(collection: Collection, contents: Contents) -> dict[str, Any]:
    """A collection in the words of the contract."""
    generation = contents.generation
    return {
        "collection_id": collection.collection_id,
        "namespace_id": collection.namespace_id,
        "collection_name": collection.name,
        "description": collection.description,
        "input_schema": {"properties": dict(contents.source_schema)},
        "output_schema": {"properties": output_properties(collection, contents)},
        "feature_extractor": extractor_answer(collection.extractor),
        "source": source_answer(collection.source),
        "vector_indexes": [
            vector_answer(vector, one) for one in (generation, *contents.beside) for vector in one.vectors
        ],
        "index_map": index_map_answer(generation) or None,
        "enabled": collection.enabled,
        "schedule": schedule_answer(collection.schedule),
        "metadata": dict(collection.metadata),
        "managed_by": collection.managed_by,
        "lifecycle_state": "active",
        "schema_version": generation.number,
        "document_count": contents.document_count,
        "taxonomy_applications": [],
        "cluster_applications": [],
        "alert_applications": [],
        "retriever_enrichments": [],
        "created_at": collection.created_at or None,
        "updated_at": collection.updated_at or None,
    }


def index_map_answer(generation: Generation) -> dict[str, str]:
    """Which feature URI answers each URI of another generation that a search may name; a feature's own name only, not
    its column's."""
    vectors = {vector.feature: vector for vector in generation.vectors}
    return {
        uri: str(generation.uri(vectors[feature]))
        for uri, feature in generation.index_map.items()
        if feature in vectors
    }


def extractor_answer(choice: ExtractorChoice) -> dict[str, Any]:
    """The extractor of a collection; a mapping to one path is that path."""
    mappings = {
        name: paths[0] if len(paths) == 1 else list(paths) for name, paths in choice.input_mappings.items()
    }
    carried = [
        {
            "source_path": carried.source_path,
            "target_path": carried.target_path,
            "default": carried.default,
            "required": carried.required,
        }
        for carried in choice.passthrough
    ]
    return {
        "feature_extractor_name": choice.name,
        "version": choice.version,
        "feature_extractor_id": choice.id,
        "parameters": dict(choice.parameters),
        "input_mappings": mappings,
        "field_passthrough": carried,
        "include_all_source_fields": choice.include_all_source_fields,
    }


def source_answer(source: Source) -> dict[str, Any]:
    """Where a collection reads; one source collection also under the singular name."""
    filtered = {"source_filters": {"filters": dict(source.filters)}} if source.filters else {}
    if source.type == "bucket":
        return {"type": "bucket", "bucket_ids": list(source.ids), **filtered}
    single = source.ids[0] if len(source.ids) == 1 else None
    return {"type": "collection", "collection_ids": list(source.ids), "collection_id": single, **filtered}


def vector_answer(vector: VectorIndex, generation: Generation) -> dict[str, Any]:
    """One feature that can be searched, under the URI that a search names it by."""
    uri = str(generation.uri(vector))
    return {
        "name": vector.column,
        "feature_name": vector.feature,
        "feature_uri": uri,
        "type": "single",
        "index": {
            "name": vector.column,
            "dimensions": vector.dimension,
            "distance": vector.distance,
            "type": "dense",
            "feature_uri": uri,
        },
    }


def output_properties(collection: Collection, contents: Contents) -> dict[str, Any]:
    """The fields that documents have: carried from the source, made by the extractor, and vectors."""
    description = contents.description
    declared = description.output_schema.get("properties", {}) if description else {}
    made = {
        name: {"type": wire_type(declared.get(name, {}))}
        for name in (description.output_fields if description else ())
    }
    carried = {
        carried.target: {"type": contents.source_schema.get(carried.source_path, {}).get("type", "string")}
        for carried in collection.extractor.passthrough
    }
    vectors = {
        vector.column: {"type": "array", "description": f"{vector.dimension} numbers"}
        for vector in contents.generation.vectors
    }
    return carried | made | vectors


def wire_type(schema: Mapping[str, Any]) -> str:
    """The contract's word for the type of a JSON schema; `string` where it says nothing."""
    options = [schema, *schema.get("anyOf", [])]
    found = (option.get("type") for option in options)
    return next((name for name in found if name in _WIRE_TYPES), "string")
