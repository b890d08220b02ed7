"""From a snapshot to Dagster definitions, resource by resource."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import dagster as dg

from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.assets.buckets import bucket_asset
from mixpeek_orchestration.defs.assets.collections import collection_asset
from mixpeek_orchestration.defs.assets.endpoints import endpoint_asset
from mixpeek_orchestration.defs.assets.failures import failures_spec
from mixpeek_orchestration.defs.assets.index_steward import index_assets, index_schedules
from mixpeek_orchestration.defs.assets.retrievers import retriever_asset
from mixpeek_orchestration.defs.broken import Broken, broken_sensor, stand_in, stand_in_check
from mixpeek_orchestration.defs.checks import collection_checks
from mixpeek_orchestration.defs.graph import Graph
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.defs.schedules import JOBS, build_schedules
from mixpeek_orchestration.defs.sensors.all import build_sensors
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot, SnapshotBucket, SnapshotCollection

AnyResource = TypeVar("AnyResource", bound=naming.Resource)
Built = tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]
KEPT: Final = 2_000
"""So many assets of collections are kept for the next reload, which most of them survive as they are."""


@dataclass
class Lineage:
    """The assets and checks that could be built, by resource id, and what could not."""

    assets: dict[str, dg.AssetsDefinition] = field(default_factory=dict)
    checks: list[dg.AssetChecksDefinition] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    _keys: set[dg.AssetKey] = field(default_factory=set)

    def add(
        self,
        kind: str,
        resources: Iterable[AnyResource],
        build: Callable[[AnyResource], Built],
    ) -> None:
        """Build each resource; one that fails to, or whose key is taken, costs only itself."""
        for resource in resources:
            try:
                asset, checks = build(resource)
                if not self._keys.isdisjoint(asset.keys):
                    raise ValueError(f"{asset.key.to_user_string()} is the key of another resource.")
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one resource is recorded with it
                self.broken.append(_broken(kind, resource, error))
                continue
            self._keys |= asset.keys
            self.assets[naming.identifier(resource)] = asset
            self.checks += checks


def build_definitions(
    snapshot: Snapshot, *, snapshots: Path, addresses: Addresses, warehouse: WarehouseResource | None = None
) -> dg.Definitions:
    """Everything that the snapshot names. An empty snapshot gives definitions with nothing but upkeep.

    `snapshots` is the folder in which sensors see whether a newer one has been published.
    """
    lineage = build_lineage(snapshot, addresses)
    sensors = build_sensors(snapshot, defined=frozenset(lineage.assets), snapshots=snapshots)
    schedules = build_schedules(snapshot, defined=frozenset(lineage.assets), broken=lineage.broken)
    indexes = index_assets([c for c in snapshot.collections if c.collection_id in lineage.assets], addresses)
    if lineage.broken:
        sensors.append(broken_sensor(lineage.broken, snapshot.content_hash))
    return dg.Definitions(
        assets=[
            *lineage.assets.values(),
            *indexes,
            *(failures_spec(c, addresses) for c in snapshot.collections if c.collection_id in lineage.assets),
            *(stand_in(broken) for broken in lineage.broken),
        ],
        asset_checks=[*lineage.checks, *(stand_in_check(broken) for broken in lineage.broken)],
        sensors=sensors,
        jobs=JOBS,
        schedules=[*schedules, *index_schedules(indexes)],
        resources={"warehouse": warehouse or WarehouseResource()},
        executor=dg.in_process_executor,
    )


def build_lineage(snapshot: Snapshot, addresses: Addresses) -> Lineage:
    """Bucket → collection → endpoint and retriever."""
    graph = Graph(snapshot)
    lineage = Lineage(broken=[_unreadable(entry) for entry in snapshot.unreadable])
    lineage.add(
        "buckets",
        snapshot.buckets,
        lambda b: _of_bucket(b, graph.partitions(b.bucket_id), addresses),
    )
    lineage.add(
        "collections",
        snapshot.collections,
        lambda c: _of_collection(c, tuple(graph.sources(c)), graph.partitions(c.collection_id), addresses),
    )
    lineage.add(
        "endpoints",
        snapshot.endpoints,
        lambda e: (endpoint_asset(e, upstream=graph.read_by(e), addresses=addresses), []),
    )
    lineage.add(
        "retrievers",
        snapshot.retrievers,
        lambda r: (retriever_asset(r, upstream=graph.read_by(r), addresses=addresses), []),
    )
    return lineage


@functools.lru_cache(maxsize=KEPT)
def _of_bucket(
    bucket: SnapshotBucket, partitions: dg.DynamicPartitionsDefinition, addresses: Addresses
) -> Built:
    return bucket_asset(bucket, partitions=partitions, addresses=addresses), []


@functools.lru_cache(maxsize=KEPT)
def _of_collection(
    collection: SnapshotCollection,
    upstream: tuple[naming.Resource, ...],
    partitions: dg.DynamicPartitionsDefinition,
    addresses: Addresses,
) -> Built:
    asset = collection_asset(collection, upstream=upstream, partitions=partitions, addresses=addresses)
    return asset, [collection_checks(collection, addresses)]


def _unreadable(entry: Any) -> Broken:
    return Broken(entry.kind, entry.identifier, entry.identifier, entry.reason)


def _broken(kind: str, resource: naming.Resource, error: Exception) -> Broken:
    name = getattr(resource, "name", None) or naming.identifier(resource)
    return Broken(kind, naming.identifier(resource), str(name), f"{type(error).__name__}: {error}"[:500])
