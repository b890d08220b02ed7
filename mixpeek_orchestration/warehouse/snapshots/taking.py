"""Taking a snapshot of the catalog, and publishing it for Dagster."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.collection_profile import (
    Profile,
    told_carried,
    told_inputs,
    told_parameters,
)
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.published import SYSTEM, PackageDeployment
from mixpeek_orchestration.core.tiers import components
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.runs.generations import standing
from mixpeek_orchestration.warehouse.snapshots.files import write_snapshot
from mixpeek_orchestration.warehouse.snapshots.snapshot import (
    Snapshot,
    SnapshotBucket,
    SnapshotCollection,
    SnapshotComponent,
    SnapshotEndpoint,
    SnapshotRetriever,
    hashed,
)

PUBLISHER_LEASE: Final = "snapshot"

EndpointOf = Callable[[str, str, str], "tuple[str, str] | None"]
"""For namespace, name and version: the version in the package's own spelling and the namespace whose endpoint it is
(empty for a working copy); `None` when it does not answer queries."""

ProfileOf = Callable[[Collection], Profile]
"""What the extractor of a collection makes, and what it has to share; raises when the package is broken."""


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
    taken = Snapshot(
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
    return hashed(taken)


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
    bucket_age = {bucket_id: age for age, bucket_id in enumerate(bucket_ids)}
    collection_age = {collection.collection_id: age for age, collection in enumerate(collections)}
    inside = (
        (_by_age(ids, bucket_age), _by_age(ids, collection_age))
        for ids in components(bucket_ids, collections)
    )
    named = [SnapshotComponent(buckets[0], buckets, reading) for buckets, reading in inside if buckets]
    return sorted(named, key=lambda component: bucket_age[component.name])


def _by_age(ids: Iterable[str], age: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted((one for one in ids if one in age), key=age.__getitem__))
