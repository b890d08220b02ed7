"""Declarations made by hypothesis: plain data as JSON would bring it, which every way of declaring can say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}([-_ é][a-z0-9]{1,4})?", fullmatch=True)
FIELDS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXTS | st.just("2024-01-02"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=2),
    max_leaves=4,
)
METADATA = st.dictionaries(FIELDS, JSON, max_size=2)
URI = "mixpeek://text_extractor@v1/text_extractor_v1_embedding"


def _said(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def buckets(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A bucket with one text and some fields."""
    scalars = draw(st.dictionaries(FIELDS, st.sampled_from(["string", "integer", "date"]), max_size=2))
    properties = {
        field: {"type": kind, **draw(_said(required=st.booleans(), description=TEXTS, default=JSON))}
        for field, kind in scalars.items()
    }
    return {
        "bucket_name": name,
        "bucket_schema": {"properties": {"body": {"type": "text"}, **properties}},
        **draw(_said(description=TEXTS, metadata=METADATA)),
    }


@st.composite
def collections(draw: st.DrawFn, name: str, source: dict[str, Any]) -> dict[str, Any]:
    """A collection of the text extractor."""
    extractor = draw(
        _said(
            version=st.sampled_from(["v1", "1", "1.0.0"]),
            parameters=st.fixed_dictionaries({"chunk_size": st.integers(10, 2000)}),
            input_mappings=st.sampled_from([{"text": "body"}, {"text": ["body", "metadata.title"]}]),
            field_passthrough=st.just([{"source_path": "metadata.title"}]),
        )
    )
    return {
        "collection_name": name,
        "source": source,
        "feature_extractor": {"feature_extractor_name": "text_extractor", **extractor},
        **draw(_said(description=TEXTS, metadata=METADATA, enabled=st.booleans())),
    }


@st.composite
def retrievers(draw: st.DrawFn, name: str, read: list[str]) -> dict[str, Any]:
    """A search with one stage."""
    search = {"feature_uri": URI, "query": {"input_mode": "text", "value": "{{INPUT.query}}"}}
    parameters = {"searches": [search], **draw(_said(final_top_k=st.integers(1, 50)))}
    return {
        "retriever_name": name,
        "collection_identifiers": read,
        "stages": [
            {"stage_name": "semantic", "config": {"stage_id": "feature_search", "parameters": parameters}}
        ],
        "input_schema": {"query": {"type": "text", **draw(_said(required=st.booleans(), default=TEXTS))}},
        **draw(_said(description=TEXTS, tags=st.lists(TEXTS.filter(bool), max_size=2), metadata=METADATA)),
    }


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest whose collections read buckets or each other, and whose retrievers search them."""
    names = draw(st.lists(NAMES, min_size=2, max_size=6, unique=True))
    bucket_names = names[: draw(st.integers(1, len(names) - 1))]
    made: list[dict[str, Any]] = []
    for name in names[len(bucket_names) :]:
        earlier = [one["collection_name"] for one in made]
        kind = draw(st.sampled_from(["bucket", "collection"])) if earlier else "bucket"
        pool = bucket_names if kind == "bucket" else earlier
        read = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True))
        made.append(draw(collections(name, {"type": kind, f"{kind}_ids": read})))
    searches = draw(st.lists(NAMES, max_size=2, unique=True))
    every = [one["collection_name"] for one in made]
    return {
        "namespace": "default",
        "buckets": [draw(buckets(name)) for name in bucket_names],
        "collections": made,
        "retrievers": [draw(retrievers(name, every)) for name in searches],
    }
