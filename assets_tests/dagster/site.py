"""A warehouse of real parts in a folder, with its Dagster definitions, driven in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg

from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.location import build_definitions
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot
from mixpeek_orchestration.warehouse.specs import (
    BatchSpec,
    BlobSpec,
    BucketSpec,
    CollectionSpec,
    ObjectSpec,
)
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).parents[1] / "packages"
ADDRESSES = Addresses("http://127.0.0.1:8080")


class OneWarehouse(WarehouseResource):
    """The resource over a warehouse that a test has opened."""

    home: str
    opened: ClassVar[dict[str, Warehouse]] = {}

    def open(self) -> Warehouse:
        return self.opened[self.home]


class NoServe:
    """An endpoint host that remembers what it was asked to deploy."""

    def __init__(self) -> None:
        self.deployed: list[str] = []
        self.removed: list[str] = []

    def deploy(self, endpoint_id: str, recipes: Sequence[Recipe]) -> str:
        assert recipes
        self.deployed.append(endpoint_id)
        return f"http://127.0.0.1:1/{endpoint_id}"

    def retire(self, endpoint_id: str, *, keep: str) -> None:
        assert keep

    def remove(self, endpoint_id: str) -> None:
        self.removed.append(endpoint_id)


@dataclass
class Site:
    """One home with a namespace, and everything a test does to it."""

    settings: Settings
    warehouse: Warehouse
    host: NoServe
    namespace_id: str

    def bucket(self, name: str) -> Bucket:
        spec = BucketSpec.model_validate(
            {"bucket_name": name, "bucket_schema": {"properties": {"body": {"type": "text"}}}}
        )
        return self.warehouse.buckets.create(self.namespace_id, spec)

    def collection(self, name: str, source: Bucket | Collection, **parameters: Any) -> Collection:
        upstream = (
            {"type": "bucket", "bucket_ids": [source.bucket_id]}
            if isinstance(source, Bucket)
            else {"type": "collection", "collection_ids": [source.collection_id]}
        )
        extractor = {"feature_extractor_name": "word_vectors", "version": "v1", "parameters": parameters}
        spec = CollectionSpec.model_validate(
            {"collection_name": name, "source": upstream, "feature_extractor": extractor}
        )
        return self.warehouse.collections.create(self.namespace_id, spec)

    def put(self, bucket: Bucket, *texts: str) -> list[str]:
        specs = [ObjectSpec(blobs=[BlobSpec(property="body", data=text)]) for text in texts]
        return [put.object.object_id for put in self.warehouse.objects.put_many(bucket, specs)]

    def submitted(self, bucket: Bucket, *texts: str) -> Batch:
        """A submitted batch of new objects."""
        spec = BatchSpec(object_ids=self.put(bucket, *texts), auto_submit=True)
        return self.warehouse.batches.create(bucket, spec)

    def batch(self, batch_id: str) -> Batch:
        found = self.warehouse.catalog.batches.get(batch_id)
        assert found is not None
        return found

    @property
    def snapshot(self) -> Snapshot:
        """The newest one, published."""
        self.warehouse.publish()
        return read_snapshot(self.settings.snapshots)

    @property
    def definitions(self) -> dg.Definitions:
        """Those of the newest snapshot."""
        return self.definitions_of(self.snapshot)

    def definitions_of(self, snapshot: Snapshot) -> dg.Definitions:
        return build_definitions(
            snapshot,
            snapshots=self.settings.snapshots,
            addresses=ADDRESSES,
            warehouse=OneWarehouse(home=str(self.settings.home)),
        )


def open_site(home: Path, *, packages: Path = PACKAGES) -> Site:
    """A home with the test packages, the namespace `testing` and a host that deploys nothing."""
    settings = Settings(home=home, extractor_paths=str(packages))
    prepare_home(settings)
    host = NoServe()
    warehouse = Warehouse(
        replace(open_warehouse(settings, local=True).parts, endpoint_host=lambda: host, is_answering=_answers)
    )
    OneWarehouse.opened[str(home)] = warehouse
    return Site(settings, warehouse, host, warehouse.access.create_namespace("testing").namespace_id)


def _answers(deployment: Deployment) -> bool:
    return deployment.status == "RUNNING"
