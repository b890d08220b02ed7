"""One form for declarations that say the same, whichever way and in whichever spelling they were written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec
from mixpeek_orchestration.warehouse.syncs.specs import spec_of

AnySpec = BucketSpec | CollectionSpec | RetrieverSpec
Plain = dict[str, Any]
_SAYS_NOTHING: Final[tuple[Any, ...]] = (None, {}, [])


def content_hash(manifest: Manifest) -> str:
    """What a manifest says, as a hash: the same for the same resources, in any order, spelling and place."""
    return digest("declarations", json.dumps(canonical(manifest), sort_keys=True))[:24]


def canonical(manifest: Manifest) -> Plain:
    """The resources of a manifest in their canonical form, by name. The namespace is where they go, not what they are."""
    return {
        "buckets": {spec.bucket_name: canonical_bucket(spec) for spec in manifest.buckets},
        "collections": {spec.collection_name: canonical_collection(spec) for spec in manifest.collections},
        "retrievers": {spec.retriever_name: canonical_retriever(spec) for spec in manifest.retrievers},
    }


def canonical_spec(spec: AnySpec) -> Plain:
    """A spec in its canonical form."""
    match spec:
        case BucketSpec():
            return canonical_bucket(spec)
        case CollectionSpec():
            return canonical_collection(spec)
        case RetrieverSpec():
            return canonical_retriever(spec)


def canonical_bucket(spec: BucketSpec) -> Plain:
    """A bucket with what was said about it, and nothing that only repeats a default."""
    properties = {name: _said(prop) for name, prop in spec.bucket_schema.properties.items()}
    unique = spec.unique_key and spec.unique_key.model_dump(mode="json")
    syncs = [spec_of(sync.rules) for sync in spec.syncs or ()]
    schema = {"properties": properties}
    return _told({**_said(spec), "bucket_schema": schema, "unique_key": unique, "syncs": syncs})


def canonical_collection(spec: CollectionSpec) -> Plain:
    """A collection with its sources as a list, and its extractor's version and mappings in one spelling."""
    return _told({**_said(spec), "source": written_source(spec), "feature_extractor": _extractor(spec)})


def canonical_retriever(spec: RetrieverSpec) -> Plain:
    """A retriever with the newest spelling of its stages."""
    body = _said(spec)
    body.pop("collection_ids", None)
    body.pop("visibility", None)
    inputs = {name: _said(field) for name, field in (spec.input_schema or {}).items()}
    stages = [
        _told(
            {
                "stage_name": stage.stage_name,
                "stage_type": stage.stage_type,
                "config": {"stage_id": stage.stage_id, "parameters": _plain(stage.parameters)},
                "batch_size": stage.batch_size,
                "description": stage.description,
                "on_error": stage.on_error,
            }
        )
        for stage in spec.check_stages()
    ]
    return _told(
        {**body, "collection_identifiers": spec.identifiers, "input_schema": inputs, "stages": stages}
    )


def written_source(spec: CollectionSpec) -> Plain:
    """A collection's source in the newest spelling."""
    one, many = f"{spec.source.type}_id", f"{spec.source.type}_ids"
    said = {name: value for name, value in _said(spec.source).items() if name not in (one, many)}
    return {"type": spec.source.type, **said, many: spec.source.identifiers}


def _extractor(spec: CollectionSpec) -> Plain:
    said = spec.feature_extractor
    return _told(
        {
            "feature_extractor_name": said.feature_extractor_name,
            "version": said.version and canonical_version(said.version),
            "parameters": _plain(said.parameters),
            "input_mappings": {
                name: [paths] if isinstance(paths, str) else list(paths)
                for name, paths in said.input_mappings.items()
            },
            "field_passthrough": [_said(carried) for carried in said.field_passthrough],
            "include_all_source_fields": said.include_all_source_fields or None,
        }
    )


def _said(spec: Any) -> Plain:
    """The fields of a model that are not at their defaults, as plain data."""
    said: Plain = spec.model_dump(mode="json", exclude_defaults=True)
    return _told(said)


def _told(fields: Mapping[str, Any]) -> Plain:
    """The fields that say something. An empty default does: it is not the same as none."""
    return {name: value for name, value in fields.items() if name == "default" or value not in _SAYS_NOTHING}


def _plain(value: Any) -> Any:
    """Plain data as JSON would bring it back."""
    return json.loads(json.dumps(value))
