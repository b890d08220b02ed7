"""The snapshot that Dagster definitions are built from: what exists, as one JSON file named by its content.

It holds definitions only, no state: two snapshots with equal content are the same, and a change that Dagster would
not show (a count, a committed code fingerprint) makes no new one. Everything here is plain data, so that the process
of a run reads it without a catalog.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.collection_profile import (
    Profile,
    told_carried,
    told_inputs,
    told_parameters,
)
from mixpeek_orchestration.core.errors import Broken, InvalidInput, MixpeekError, NotFound
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.published import SYSTEM, PackageDeployment
from mixpeek_orchestration.core.tiers import components
from mixpeek_orchestration.warehouse.generations import standing
from mixpeek_orchestration.warehouse.leases import hold

CURRENT: Final = "current.json"
PUBLISHER_LEASE: Final = "snapshot"
KEPT_FILES: Final = 100
KEPT_S: Final = 7 * 24 * 3600.0

EndpointOf = Callable[[str, str, str], "tuple[str, str] | None"]
"""For namespace, name and version: the version in the package's own spelling and the namespace whose endpoint it is
(empty for a working copy); `None` when it does not answer queries."""

ProfileOf = Callable[[Collection], Profile]
"""What the extractor of a collection makes, and what it has to share; raises when the package is broken."""


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


def publish(
    catalog: Catalog,
    folder: Path,
    *,
    endpoint_of: EndpointOf | None = None,
    profile_of: ProfileOf | None = None,
) -> Snapshot:
    """The newest snapshot, in the folder when this returns; compare `content_hash` to know whether to reload.

    One publisher at a time, so that an older snapshot never replaces a newer one.
    """
    with hold(catalog.leases, PUBLISHER_LEASE, wait_s=30.0) as lease:
        snapshot = take_snapshot(
            catalog, endpoint_of or (lambda _namespace, _name, version: (version, "")), profile_of
        )
        lease.check()
        write_snapshot(snapshot, folder)
    return snapshot


def take_snapshot(catalog: Catalog, endpoint_of: EndpointOf, profile_of: ProfileOf | None = None) -> Snapshot:
    """What the catalog holds; the revision is read first, so that it never claims more than what was read."""
    resources = catalog.resources
    revision = resources.revision()
    names = {namespace.namespace_id: namespace.name for namespace in resources.namespaces()}
    buckets = resources.buckets()
    collections = resources.collections()
    snapshot = Snapshot(
        revision=revision,
        buckets=tuple(
            SnapshotBucket(
                b.bucket_id, b.namespace_id, names[b.namespace_id], b.name, b.managed_by, b.description
            )
            for b in buckets
            if b.namespace_id in names
        ),
        collections=tuple(_collection(c, names, profile_of) for c in collections if c.namespace_id in names),
        endpoints=tuple(
            _endpoints(
                _users(standing(catalog, collections), catalog.packages.deployments()), names, endpoint_of
            )
        ),
        retrievers=tuple(
            SnapshotRetriever(
                r.retriever_id,
                r.namespace_id,
                names[r.namespace_id],
                r.name,
                tuple(r.collection_ids),
                r.managed_by,
                r.description,
            )
            for r in resources.retrievers()
            if r.namespace_id in names
        ),
        components=tuple(_components([b.bucket_id for b in buckets], collections)),
    )
    return replace(snapshot, content_hash=_content_hash(snapshot))


def write_snapshot(snapshot: Snapshot, folder: Path) -> None:
    """Put the snapshot under its hash and make it the current one, both atomically; forget files of last week."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_as_json(snapshot), sort_keys=True, indent=1)
    for name in (_file_name(snapshot.content_hash), CURRENT):
        partial = folder / f".{name}.{os.getpid()}.partial"
        partial.write_text(text)
        os.replace(partial, folder / name)
    _forget_old(folder, keep=snapshot.content_hash)


def read_snapshot(folder: Path, content_hash: str | None = None) -> Snapshot:
    """The current snapshot (an empty one before the first is published), or the one with this hash.

    Raises `NotFound` for a hash that is not there, and `Broken` for a file that is not JSON.
    """
    path = folder / (_file_name(content_hash) if content_hash else CURRENT)
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError as error:
        if content_hash is None:
            return Snapshot()
        raise NotFound(
            f"The snapshot {content_hash} that this run was launched with is gone from {folder}.",
            field="snapshot",
            value=content_hash,
            fix="Submit the batch again, or launch the run again.",
        ) from error
    except ValueError as error:
        raise Broken(
            f"{path} is not a snapshot.", value=str(path), fix="Delete it and run `mixpeek apply` again."
        ) from error
    return _from_json(data)


def snapshot_text(snapshot: Snapshot) -> str:
    """A snapshot as text; the hash is that of its content, also when parts of it were left out."""
    return json.dumps(_as_json(replace(snapshot, content_hash=_content_hash(snapshot))), indent=1)


def snapshot_from(text: str) -> Snapshot:
    """The snapshot that `snapshot_text` wrote."""
    return _from_json(json.loads(text))


def _collection(
    collection: Collection, names: Mapping[str, str], profile_of: ProfileOf | None
) -> SnapshotCollection:
    profile = _profile(collection, profile_of)
    return SnapshotCollection(
        collection_id=collection.collection_id,
        namespace_id=collection.namespace_id,
        namespace=names[collection.namespace_id],
        name=collection.name,
        source_type=collection.source.type,
        source_ids=tuple(collection.source.ids),
        extractor_name=collection.extractor.name,
        extractor_version=collection.extractor.version,
        definition_fp=_definition_fp(collection),
        managed_by=collection.managed_by,
        description=collection.description,
        schedule=collection.schedule,
        reads=told_inputs(collection.extractor),
        parameters=told_parameters(collection.extractor.parameters),
        carries=told_carried(collection.extractor),
        makes=profile.makes,
        uses=profile.uses,
    )


def _profile(collection: Collection, profile_of: ProfileOf | None) -> Profile:
    """What a broken package would make is not known; materializing says what is wrong with it."""
    try:
        return profile_of(collection) if profile_of else Profile()
    except MixpeekError:
        return Profile()


def _definition_fp(collection: Collection) -> str:
    """What decides the documents of a collection, apart from the code of its extractor."""
    extractor = asdict(collection.extractor)
    extractor["version"] = canonical_version(collection.extractor.version)
    return digest(json.dumps([asdict(collection.source), extractor], sort_keys=True, default=str))[:16]


def _users(
    collections: Iterable[Collection], deployments: Iterable[PackageDeployment]
) -> Iterable[tuple[str, str, str, str]]:
    """Namespace, name, version and collection (empty for a deployment) of all that needs an endpoint."""
    for collection in collections:
        if collection.enabled:
            extractor = collection.extractor
            yield collection.namespace_id, extractor.name, extractor.version, collection.collection_id
    for deployment in deployments:
        if deployment.deployment_type == "realtime" and deployment.error is None:
            yield deployment.namespace_id, deployment.name, deployment.version, ""


def _endpoints(
    users: Iterable[tuple[str, str, str, str]], names: Mapping[str, str], endpoint_of: EndpointOf
) -> Iterable[SnapshotEndpoint]:
    names = {**names, SYSTEM: SYSTEM}
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for namespace_id, name, version, collection_id in users:
        answering = _answering(namespace_id, name, version, endpoint_of) if namespace_id in names else None
        if answering is not None:
            found.setdefault((namespace_id, name, *answering), []).append(collection_id)
    for (namespace_id, name, version, owner), ids in found.items():
        readers = tuple(dict.fromkeys(one for one in ids if one))
        yield SnapshotEndpoint(namespace_id, names[namespace_id], name, version, readers, owner)


def _answering(namespace_id: str, name: str, version: str, endpoint_of: EndpointOf) -> tuple[str, str] | None:
    """A broken package keeps its endpoint in the lineage, where materializing it says what is wrong."""
    try:
        return endpoint_of(namespace_id, name, version)
    except MixpeekError:
        return version, ""


def _components(bucket_ids: list[str], collections: list[Collection]) -> Iterable[SnapshotComponent]:
    """In the order of their oldest buckets; what is connected to no bucket that exists has no partitions."""
    ages = [collection.collection_id for collection in collections]
    found = components(bucket_ids, collections)
    inside = [(tuple(b for b in bucket_ids if b in ids), tuple(c for c in ages if c in ids)) for ids in found]
    named = [SnapshotComponent(buckets[0], buckets, reading) for buckets, reading in inside if buckets]
    return sorted(named, key=lambda component: bucket_ids.index(component.name))


def _as_json(snapshot: Snapshot) -> dict[str, Any]:
    entries = {kind: [asdict(entry) for entry in getattr(snapshot, kind)] for kind in _KINDS}
    return {"content_hash": snapshot.content_hash, "revision": snapshot.revision, **entries}


def _content_hash(snapshot: Snapshot) -> str:
    content = _as_json(replace(snapshot, content_hash="", revision=0))
    return digest("snapshot", json.dumps(content, sort_keys=True))[:24]


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


def _file_name(content_hash: str) -> str:
    return f"{content_hash}.json"


def _forget_old(folder: Path, *, keep: str) -> None:
    """Runs may be pinned to older snapshots: a file goes only when it is neither recent nor among the newest."""
    pinned = [path for path in folder.glob("*.json") if path.name not in (CURRENT, _file_name(keep))]
    newest_first = sorted(pinned, key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[KEPT_FILES:]:
        if path.stat().st_mtime < time.time() - KEPT_S:
            path.unlink(missing_ok=True)
