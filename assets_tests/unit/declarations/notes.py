"""A manifest with one of each, and the packages that it needs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest

PACKAGES = Path(__file__).resolve().parents[2] / "packages"
URI = "mixpeek://word_vectors@v1/word_vectors_embedding"
SEARCH = {"searches": [{"feature_uri": URI, "query": "{{INPUT.query}}"}]}
NOTES: dict[str, Any] = {
    "namespace": "default",
    "buckets": [
        {"bucket_name": "notes", "bucket_schema": {"properties": {"body": {"type": "text"}}}},
    ],
    "collections": [
        {
            "collection_name": "lines",
            "source": {"type": "bucket", "bucket_ids": ["notes"]},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
        },
        {
            "collection_name": "again",
            "source": {"type": "collection", "collection_ids": ["lines"]},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
        },
    ],
    "retrievers": [
        {
            "retriever_name": "search",
            "collection_identifiers": ["again"],
            "stages": [{"stage_name": "s", "config": {"stage_id": "feature_search", "parameters": SEARCH}}],
            "input_schema": {"query": {"type": "text"}},
        }
    ],
}


def without(**names: str) -> Manifest:
    """The notes without the resources of these names, by kind."""
    data = copy.deepcopy(NOTES)
    for kind, name in names.items():
        data[f"{kind}s"] = [one for one in data[f"{kind}s"] if one[f"{kind}_name"] != name]
    return validated(Manifest, data)
