"""What operators read about an asset before they open it: what a row is, from what, by what, and when."""

from __future__ import annotations

from collections.abc import Sequence

from mixpeek_orchestration.core.display import shown
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.warehouse.snapshots.snapshot import (
    SnapshotBucket,
    SnapshotCollection,
    SnapshotEndpoint,
    SnapshotRetriever,
)


def bucket_description(bucket: SnapshotBucket) -> str:
    """Markdown about a bucket."""
    return _paragraphs(
        bucket.description,
        f"A row is one object of bucket {_code(bucket.name)}, as people or a sync put it there; a partition holds the "
        "objects of one submitted batch. Materializing counts them and changes nothing.",
    )


def collection_description(collection: SnapshotCollection, sources: Sequence[naming.Resource]) -> str:
    """Markdown about a collection."""
    kind = "an object of bucket" if collection.source_type == "bucket" else "a document of collection"
    names = " or ".join(_code(getattr(source, "name", "")) for source in sources) or "a source that is gone"
    extractor = _code(f"{collection.extractor_name} {collection.extractor_version}")
    made = (
        f"A row is one document that {extractor} makes of {kind} {names}; a partition holds what one batch was the "
        "last to write. Materializing plans first, and extracts only what is new or stale."
    )
    return _paragraphs(
        collection.description,
        made,
        _list(
            {
                "Reads": _codes(collection.reads),
                "Parameters": _codes(collection.parameters) or "those that the extractor has by itself",
                "Makes": _codes(collection.makes),
                "Carries along": _codes(collection.carries),
                "Runs": _schedule(collection.schedule),
                "Shares": ", ".join(_SHARED[use] for use in collection.uses if use in _SHARED),
            }
        ),
    )


def endpoint_description(endpoint: SnapshotEndpoint) -> str:
    """Markdown about an endpoint."""
    extractor = _code(f"{endpoint.extractor_name} {endpoint.extractor_version}")
    return (
        f"A Ray Serve application that encodes queries with {extractor}, the package that also embedded the documents. "
        "Materializing deploys it; it counts as running after a real inference."
    )


def retriever_description(retriever: SnapshotRetriever) -> str:
    """Markdown about a retriever."""
    return _paragraphs(
        retriever.description,
        f"The saved search {_code(retriever.name)}; a row is one feature that it searches. Materializing checks that "
        "the collections still hold each of them.",
    )


_SHARED = {
    "gpu": "an accelerator, so runs wait for each other in the pool of accelerators",
    "api": "services of others, so runs wait for each other in the pool of their calls",
}


def _schedule(schedule: str | None) -> str:
    always = "when a batch is submitted, or by a click"
    return f"{always}, and on the schedule {_code(schedule)}" if schedule else always


def _paragraphs(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


def _list(facts: dict[str, str]) -> str:
    return "\n".join(f"- **{name}**: {told}" for name, told in facts.items() if told)


def _codes(lines: Sequence[str]) -> str:
    return ", ".join(map(_code, lines))


def _code(text: str) -> str:
    """Text that people chose, as Markdown that nothing in it can end."""
    return f"`{shown(text).replace('`', chr(0x2019))}`"
