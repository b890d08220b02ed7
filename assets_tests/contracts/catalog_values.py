"""Values that the catalog's suites put in."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket, Property
from mixpeek_orchestration.core.collection import (
    Collection,
    ExtractorChoice,
    FieldPassthrough,
    Generation,
    Source,
    VectorIndex,
)
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.object import Blob, SourceObject
from mixpeek_orchestration.core.ports.ledger import ItemOutcome
from mixpeek_orchestration.core.retriever import InputField, Retriever, StageSpec

NAMESPACE = "ns_one"
BUCKET = "bkt_one"
COLLECTION = "col_one"
GENERATION = "gen_one"


def bucket(
    name: str = "papers", bucket_id: str = BUCKET, *, namespace_id: str = NAMESPACE, **changes: Any
) -> Bucket:
    """A bucket with every kind of field."""
    properties = {
        "text": Property("text", required=True, description="What it says"),
        "kind": Property("string", default="note", enum=("note", "book")),
    }
    values = {"metadata": {"depth": {"list": [1, 2.5, None, "ü"]}}, "unique_key": ("kind",), **changes}
    return Bucket(bucket_id, namespace_id, name, properties, **values)


def collection(
    name: str = "chunks", collection_id: str = COLLECTION, *, namespace_id: str = NAMESPACE, **changes: Any
) -> Collection:
    """A collection over the bucket with a nested extractor choice."""
    extractor = ExtractorChoice(
        "text_extractor",
        "v1",
        parameters={"size": 200, "nested": {"deep": [True]}},
        input_mappings={"text": ("text", "body")},
        passthrough=(FieldPassthrough("metadata.title", "title", default=0),),
    )
    return Collection(collection_id, namespace_id, name, Source("bucket", (BUCKET,)), extractor, **changes)


def generation(generation_id: str = GENERATION, number: int = 1, **changes: Any) -> Generation:
    """A generation of the collection with one vector column."""
    return Generation(
        generation_id=generation_id,
        collection_id=COLLECTION,
        number=number,
        table=f"table_{number}",
        extractor_name="text_extractor",
        extractor_version="v1",
        parameters={"size": 200},
        vectors=(VectorIndex("text_extractor_v1_embedding", "text_extractor_v1_embedding", 384),),
        **changes,
    )


def retriever(
    name: str = "search", retriever_id: str = "ret_one", *, namespace_id: str = NAMESPACE, **changes: Any
) -> Retriever:
    """A retriever with one stage and one input."""
    stage = StageSpec("knn", "filter", "feature_search", {"top_k": 10, "queries": [{"value": "{{INPUT.q}}"}]})
    return Retriever(
        retriever_id,
        namespace_id,
        name,
        (stage,),
        collection_ids=(COLLECTION,),
        input_schema={"q": InputField("text", required=True, examples=("a", 1))},
        **changes,
    )


def source_object(number: int, *, bucket_id: str = BUCKET, **changes: Any) -> SourceObject:
    """Object `number` of a bucket, with one text blob unless told otherwise."""
    blob = Blob(f"blob_{number}", "text", "text", f"{number:064x}", 100, "text/plain", f"{number}.md")
    values = {"blobs": (blob,), "metadata": {"number": number}, "key": f"/files/{number}.md", **changes}
    return SourceObject(f"obj_{number:06}", NAMESPACE, bucket_id, **values)


def batch(
    batch_id: str = "btc_one", *, collection_ids: tuple[str, ...] = (COLLECTION,), **changes: Any
) -> Batch:
    """A draft batch."""
    values = {"bucket_id": BUCKET, **changes}
    return Batch(batch_id, NAMESPACE, object_count=0, collection_ids=collection_ids, **values)


def outcome(item: str, told: str = "failed", **changes: Any) -> ItemOutcome:
    """The outcome of an item that is its own root."""
    values = {"reason": "because", "root_object": item, "source_fp": "s", "input_fp": "i", "code_fp": "c"}
    return ItemOutcome(item, told, **{**values, **changes})


def error(item: str, message: str = "boom", *, row: int = -1) -> ItemError:
    """A permanent error of an item."""
    return ItemError(item, "embed", "ValueError", message, "Traceback …", transient=False, row=row)
