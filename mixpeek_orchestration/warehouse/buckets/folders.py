"""Taking texts into a bucket at once: those of a folder, or what else there is; a key names each object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError, NotFound
from mixpeek_orchestration.core.ports.syncs import SyncSource
from mixpeek_orchestration.core.syncs.filters import is_wanted, mime_type_of
from mixpeek_orchestration.core.syncs.sync import FileFilters
from mixpeek_orchestration.warehouse.buckets.blobs import declared_blob
from mixpeek_orchestration.warehouse.buckets.file_objects import put_each, told_by_name
from mixpeek_orchestration.warehouse.buckets.objects import Objects
from mixpeek_orchestration.warehouse.specs import BlobSpec, ObjectSpec

TEXT_SUFFIXES: Final = (".txt", ".md", ".markdown", ".rst")
_TOGETHER: Final = 50


@dataclass(frozen=True)
class Document:
    """A text with the key that names it and what is known about it; without `metadata`, what its key says."""

    key: str
    text: str
    mime_type: str = "text/plain"
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Ingested:
    """What came of an ingestion: object ids in order, and how many were created, updated or unchanged.

    `refused` names the documents that could not be taken, with the reason.
    """

    object_ids: tuple[str, ...]
    changes: Mapping[str, int]
    refused: Mapping[str, str]

    @property
    def line(self) -> str:
        told = [f"{self.changes.get(name, 0)} {name}" for name in ("created", "updated", "unchanged")]
        return ", ".join([*told, f"{len(self.refused)} refused"])


def text_files(folder: SyncSource, *, named: str) -> Iterator[Document]:
    """The text and Markdown files below a folder, in the order of their paths, as a sync of it would list them.

    Raises `InvalidInput` where what was `named` is no folder.
    """
    try:
        listed = sorted(folder.list(), key=lambda one: one.path)
    except NotFound as error:
        raise InvalidInput(f"{named} is not a folder.", field="source", value=named) from error
    for one in listed:
        if one.path.lower().endswith(TEXT_SUFFIXES) and is_wanted(one, FileFilters()):
            text = folder.read(one.path).decode(errors="replace")
            yield Document(one.path, text, mime_type_of(one.path))


def ingest(
    objects: Objects,
    bucket: Bucket,
    documents: Iterable[Document],
    *,
    property_name: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Ingested:
    """The documents as objects of the bucket; one that is refused is named and costs only itself."""
    declared_blob(bucket, property_name, field="property")
    ids: list[str] = []
    changes: Counter[str] = Counter()
    refused: dict[str, MixpeekError] = {}
    remaining = iter(documents)
    while chunk := list(islice(remaining, _TOGETHER)):
        specs = {one.key: _spec(bucket, one, property_name) for one in chunk}
        puts = put_each(objects, bucket, specs, refused=refused).values()
        ids += [put.object.object_id for put in puts]
        changes.update(put.change for put in puts)
        if len(chunk) == _TOGETHER:
            progress(f"{len(ids)} objects")
    return Ingested(tuple(ids), dict(changes), {key: str(error) for key, error in refused.items()})


def _spec(bucket: Bucket, document: Document, property_name: str) -> ObjectSpec:
    blob = BlobSpec(
        property=property_name,
        data=document.text,
        mime_type=document.mime_type,
        filename=document.key.rsplit("/", 1)[-1],
    )
    said = told_by_name(bucket, document.key) if document.metadata is None else document.metadata
    return ObjectSpec(blobs=[blob], metadata=dict(said), source_key=document.key)


def remove_missing(objects: Objects, bucket: Bucket, ingested: Ingested) -> int:
    """Remove the objects of the bucket whose file is gone; how many. A file that was refused is not gone, and what a
    sync brought is the sync's."""
    wanted = set(ingested.object_ids)
    refused = {f"path:{key}" for key in ingested.refused}
    gone = [
        obj.object_id
        for obj in objects.page(bucket, limit=1_000_000)
        if _is_ingested(obj.key or "") and obj.object_id not in wanted and obj.key not in refused
    ]
    if gone:
        objects.delete_many(bucket, gone)
    return len(gone)


def _is_ingested(key: str) -> bool:
    """Whether a key is a path below a folder; the keys of syncs begin with their place, which is absolute."""
    return key.startswith("path:") and not key.startswith("path:/") and "://" not in key
