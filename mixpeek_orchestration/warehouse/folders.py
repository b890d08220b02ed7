"""Taking text files from a folder into a bucket; the path below the folder names the object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError
from mixpeek_orchestration.warehouse.blobs import declared_blob
from mixpeek_orchestration.warehouse.objects import Objects
from mixpeek_orchestration.warehouse.specs import BlobSpec, ObjectSpec

TEXT_SUFFIXES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".rst": "text/x-rst",
}
_PROGRESS_EVERY = 50


@dataclass(frozen=True)
class Document:
    """A text with the key that names it and what is known about it."""

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


def text_files(folder: Path) -> Iterable[Document]:
    """The text and Markdown files below a folder, in the order of their paths. Raises `InvalidInput` for no folder."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder.", field="source", value=str(folder))
    for path in sorted(folder.rglob("*")):
        mime_type = TEXT_SUFFIXES.get(path.suffix.lower())
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if mime_type and path.is_file() and not hidden:
            key = path.relative_to(folder).as_posix()
            text = path.read_bytes().decode(errors="replace")
            yield Document(key, text, mime_type, {"title": path.stem, "path": key})


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
    refused: dict[str, str] = {}
    for document in documents:
        try:
            put = objects.put(bucket, _spec(document, property_name))
        except MixpeekError as error:
            refused[document.key] = str(error)
            continue
        ids.append(put.object.object_id)
        changes[put.change] += 1
        if len(ids) % _PROGRESS_EVERY == 0:
            progress(f"{len(ids)} objects")
    return Ingested(tuple(ids), dict(changes), refused)


def _spec(document: Document, property_name: str) -> ObjectSpec:
    blob = BlobSpec(
        property=property_name,
        data=document.text,
        mime_type=document.mime_type,
        filename=Path(document.key).name,
    )
    return ObjectSpec(blobs=[blob], metadata=dict(document.metadata or {}), source_key=document.key)


def remove_missing(objects: Objects, bucket: Bucket, ingested: Ingested) -> int:
    """Remove the objects of the bucket whose file is gone; how many. A file that was refused is not gone."""
    wanted = set(ingested.object_ids)
    refused = {f"path:{key}" for key in ingested.refused}
    gone = [
        obj.object_id
        for obj in objects.page(bucket, limit=1_000_000)
        if (obj.key or "").startswith("path:") and obj.object_id not in wanted and obj.key not in refused
    ]
    if gone:
        objects.delete_many(bucket, gone)
    return len(gone)
