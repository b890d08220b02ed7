"""The snapshot that Dagster definitions are built from: what exists, as one JSON file named by its content.

It holds definitions only, no state: two snapshots with equal content are the same, and a change that Dagster would
not show (a count, a committed code fingerprint) makes no new one. Everything here is plain data, so that the process
of a run reads it without a catalog.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import digest


@dataclass(frozen=True)
class SnapshotBucket:
    """A bucket as lineage shows it. `namespace` is the name, the ids are what everything else hangs on."""

    bucket_id: str
    namespace_id: str
    namespace: str
    name: str
    managed_by: str = "api"
    description: str | None = None


@dataclass(frozen=True)
class SnapshotCollection:
    """A collection as lineage shows it. `definition_fp` changes with whatever decides its documents.

    `reads`, `parameters`, `carries` and `makes` are lines for people; `uses` is what it has to share with others
    while it runs (see `core.collection_profile`).
    """

    collection_id: str
    namespace_id: str
    namespace: str
    name: str
    source_type: str
    source_ids: tuple[str, ...]
    extractor_name: str
    extractor_version: str
    definition_fp: str
    managed_by: str = "api"
    description: str | None = None
    schedule: str | None = None
    reads: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class SnapshotEndpoint:
    """An extractor version that answers queries for one namespace: for its collections, or because it was deployed.

    `owner` is the namespace that it answers for alone, empty for a working copy.
    """

    namespace_id: str
    namespace: str
    extractor_name: str
    extractor_version: str
    collection_ids: tuple[str, ...]
    owner: str = ""


@dataclass(frozen=True)
class SnapshotRetriever:
    """A retriever as lineage shows it."""

    retriever_id: str
    namespace_id: str
    namespace: str
    name: str
    collection_ids: tuple[str, ...]
    managed_by: str = "api"
    description: str | None = None


@dataclass(frozen=True)
class SnapshotComponent:
    """Buckets and collections that are connected and so share their partitions, named by the oldest bucket."""

    name: str
    bucket_ids: tuple[str, ...]
    collection_ids: tuple[str, ...]


@dataclass(frozen=True)
class Unreadable:
    """An entry of a snapshot file that is not what its kind needs."""

    kind: str
    identifier: str
    reason: str


@dataclass(frozen=True)
class Snapshot:
    """What exists at one revision of the catalog. `content_hash` covers all but the revision."""

    content_hash: str = ""
    revision: int = 0
    buckets: tuple[SnapshotBucket, ...] = ()
    collections: tuple[SnapshotCollection, ...] = ()
    endpoints: tuple[SnapshotEndpoint, ...] = ()
    retrievers: tuple[SnapshotRetriever, ...] = ()
    components: tuple[SnapshotComponent, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


_KINDS: Final[Mapping[str, type[Any]]] = {
    "buckets": SnapshotBucket,
    "collections": SnapshotCollection,
    "endpoints": SnapshotEndpoint,
    "retrievers": SnapshotRetriever,
    "components": SnapshotComponent,
}


def hashed(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the hash of its content, which does not cover the revision."""
    content = _as_json(replace(snapshot, content_hash="", revision=0))
    return replace(snapshot, content_hash=digest("snapshot", json.dumps(content, sort_keys=True))[:24])


def snapshot_text(snapshot: Snapshot) -> str:
    """A snapshot as the text of its file."""
    return json.dumps(_as_json(snapshot), sort_keys=True, indent=1)


def snapshot_from(text: str) -> Snapshot:
    """The snapshot that `snapshot_text` wrote; raises `ValueError` for what is not JSON."""
    return _from_json(json.loads(text))


def _as_json(snapshot: Snapshot) -> dict[str, Any]:
    entries = {kind: [asdict(entry) for entry in getattr(snapshot, kind)] for kind in _KINDS}
    return {"content_hash": snapshot.content_hash, "revision": snapshot.revision, **entries}


def _from_json(data: Mapping[str, Any]) -> Snapshot:
    """Entry by entry: one that does not fit is named in `unreadable` and costs only itself."""
    read: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    unreadable: list[Unreadable] = []
    for kind, cls in _KINDS.items():
        for entry in data.get(kind, []):
            try:
                read[kind].append(_entry(cls, entry))
            except InvalidInput as error:
                unreadable.append(Unreadable(kind, _identifier(entry), error.message))
    return Snapshot(
        content_hash=str(data.get("content_hash", "")),
        revision=int(data.get("revision", 0)),
        unreadable=tuple(unreadable),
        **{kind: tuple(entries) for kind, entries in read.items()},
    )


def _entry(cls: type[Any], data: object) -> Any:
    if not isinstance(data, Mapping):
        raise InvalidInput(f"A {cls.__name__} must be an object, not {type(data).__name__}.")
    values: dict[str, Any] = {}
    for field in fields(cls):
        value = data.get(field.name, field.default)
        is_tuple = str(field.type).startswith("tuple")
        fits = isinstance(value, list | tuple) if is_tuple else isinstance(value, str)
        if not fits and not (value is None and "None" in str(field.type)):
            raise InvalidInput(f"A {cls.__name__} needs {field.name!r} ({field.type}).", field=field.name)
        values[field.name] = tuple(map(str, value)) if is_tuple else value
    return cls(**values)


def _identifier(entry: object) -> str:
    """The id by which people can find the resource, as far as the entry has one."""
    if isinstance(entry, Mapping):
        for name in ("bucket_id", "collection_id", "retriever_id", "extractor_name", "name"):
            if isinstance(entry.get(name), str):
                return str(entry[name])
    return digest("unreadable", json.dumps(entry, sort_keys=True, default=str))[:12]
