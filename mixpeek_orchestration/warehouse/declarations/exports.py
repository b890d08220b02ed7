"""From what exists back to what declares it: resources as specs that refer to each other by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixpeek_orchestration.core.bucket import Bucket, Property
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.ports.resources import ResourceCatalog
from mixpeek_orchestration.core.retriever import InputField, Retriever
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.warehouse.declarations.canonical import AnySpec, canonical_spec
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest, upstream_first, written_manifest
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec
from mixpeek_orchestration.warehouse.syncs.specs import spec_of

AnyResource = Bucket | Collection | Retriever


class Exports:
    """The declarations of one namespace, as they would have to be written to get it again."""

    def __init__(self, resources: ResourceCatalog, namespace_id: str) -> None:
        self._buckets = resources.buckets(namespace_id)
        self._collections = resources.collections(namespace_id)
        self._retrievers = resources.retrievers(namespace_id)
        self._names: dict[str, str] = {
            **{b.bucket_id: b.name for b in self._buckets},
            **{c.collection_id: c.name for c in self._collections},
        }

    def manifest(self, namespace: str) -> Manifest:
        """Everything, each after what it reads."""
        collections = [collection_spec(c, self._names) for c in self._collections]
        return Manifest(
            namespace=namespace,
            buckets=[bucket_spec(b) for b in self._buckets],
            collections=upstream_first(collections),
            retrievers=[retriever_spec(r, self._names) for r in self._retrievers],
        )

    def spec(self, resource: AnyResource) -> AnySpec:
        """The spec that would make this resource."""
        match resource:
            case Bucket():
                return bucket_spec(resource)
            case Collection():
                return collection_spec(resource, self._names)
            case Retriever():
                return retriever_spec(resource, self._names)


def exported_text(manifest: Manifest) -> str:
    """A manifest as the YAML file that says it."""
    return written_manifest(exported_data(manifest))


def exported_data(manifest: Manifest) -> dict[str, Any]:
    """A manifest as the plain data that says it."""
    data: dict[str, Any] = {"namespace": manifest.namespace}
    for kind in ("buckets", "collections", "retrievers"):
        specs = getattr(manifest, kind)
        if specs:
            data[kind] = [_written(spec) for spec in specs]
    return data


def bucket_spec(bucket: Bucket) -> BucketSpec:
    """The spec of a bucket."""
    unique = {"fields": list(bucket.unique_key), "default_policy": bucket.unique_policy}
    body = {
        "bucket_name": bucket.name,
        "description": bucket.description,
        "bucket_schema": {"properties": {name: _property(prop) for name, prop in bucket.properties.items()}},
        "unique_key": unique if bucket.unique_key else None,
        "metadata": dict(bucket.metadata) or None,
        "syncs": [spec_of(rules) for rules in bucket.syncs] or None,
    }
    return validated(BucketSpec, body)


def collection_spec(collection: Collection, names: Mapping[str, str]) -> CollectionSpec:
    """The spec of a collection, its version, parameters and mappings complete. A source that is gone keeps its id."""
    choice = collection.extractor
    source = collection.source
    passthrough = [
        {
            "source_path": carried.source_path,
            "target_path": carried.target_path,
            "default": carried.default,
            "required": carried.required,
        }
        for carried in choice.passthrough
    ]
    body = {
        "collection_name": collection.name,
        "description": collection.description,
        "source": {
            "type": source.type,
            f"{source.type}_ids": [names.get(i, i) for i in source.ids],
            "source_filters": source.filters,
        },
        "feature_extractor": {
            "feature_extractor_name": choice.name,
            "version": choice.version,
            "parameters": dict(choice.parameters),
            "input_mappings": {name: list(paths) for name, paths in choice.input_mappings.items()},
            "field_passthrough": passthrough,
            "include_all_source_fields": choice.include_all_source_fields,
        },
        "metadata": dict(collection.metadata) or None,
        "enabled": collection.enabled,
        "schedule": collection.schedule,
    }
    return validated(CollectionSpec, body)


def retriever_spec(retriever: Retriever, names: Mapping[str, str]) -> RetrieverSpec:
    """The spec of a retriever. A collection that is gone keeps its id."""
    limits = {"max_time_ms": retriever.max_time_ms, "max_credits": retriever.max_credits}
    stages = [
        {
            "stage_name": stage.stage_name,
            "stage_type": stage.stage_type,
            "config": {"stage_id": stage.stage_id, "parameters": dict(stage.parameters)},
            "batch_size": stage.batch_size,
            "description": stage.description,
            "on_error": stage.on_error,
        }
        for stage in retriever.stages
    ]
    body = {
        "retriever_name": retriever.name,
        "description": retriever.description,
        "collection_identifiers": [names.get(i, i) for i in retriever.collection_ids],
        "input_schema": {name: _input(field) for name, field in retriever.input_schema.items()} or None,
        "stages": stages,
        "budget_limits": limits if any(limit is not None for limit in limits.values()) else None,
        "tags": list(retriever.tags) or None,
        "metadata": dict(retriever.metadata) or None,
        "display_config": dict(retriever.display_config) if retriever.display_config else None,
    }
    return validated(RetrieverSpec, body)


def _property(prop: Property) -> dict[str, Any]:
    return {
        "type": prop.type,
        "required": prop.required,
        "default": prop.default,
        "description": prop.description,
        "enum": list(prop.enum) or None,
        "examples": list(prop.examples) or None,
        "items": dict(prop.items) if prop.items else None,
        "properties": dict(prop.properties) if prop.properties else None,
    }


def _input(field: InputField) -> dict[str, Any]:
    return {
        "type": field.type,
        "required": field.required,
        "default": field.default,
        "description": field.description,
        "examples": list(field.examples) or None,
        "enum": list(field.enum) or None,
        "items": dict(field.items) if field.items else None,
        "properties": dict(field.properties) if field.properties else None,
    }


def _written(spec: AnySpec) -> dict[str, Any]:
    """A spec as people would write it: canonical, with the version in the extractor's own spelling."""
    body = canonical_spec(spec)
    if isinstance(spec, CollectionSpec):
        body["feature_extractor"]["version"] = spec.feature_extractor.version
    return body
