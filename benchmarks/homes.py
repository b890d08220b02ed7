"""Warehouses to measure: a fresh home with one bucket of texts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.settings import REPOSITORY, Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = (REPOSITORY / "assets_tests/packages", REPOSITORY / "benchmarks/packages")
_PUT_GROUP = 5_000


@dataclass
class Home:
    """A warehouse with one bucket `texts` whose blob property is `body`."""

    warehouse: Warehouse
    bucket: Bucket

    def put(self, texts: Sequence[str]) -> list[str]:
        """Objects named by their position; their ids."""
        ids: list[str] = []
        for start in range(0, len(texts), _PUT_GROUP):
            specs = [
                ObjectSpec(blobs=[{"property": "body", "data": text}], source_key=str(start + place))
                for place, text in enumerate(texts[start : start + _PUT_GROUP])
            ]
            ids += [put.object.object_id for put in self.warehouse.objects.put_many(self.bucket, specs)]
        return ids

    def collection(self, extractor: str, **parameters: Any) -> Collection:
        spec = CollectionSpec(
            collection_name=extractor,
            source={"type": "bucket", "bucket_ids": ["texts"]},
            feature_extractor={
                "feature_extractor_name": extractor,
                "version": "v1",
                "parameters": parameters,
            },
        )
        return self.warehouse.collections.create(self.bucket.namespace_id, spec)


def fresh_home(folder: Path, *, cluster: LocalCluster | None = None) -> Home:
    """A home in the folder; with a cluster everything is extracted there, without one in process."""
    if cluster is not None:
        os.environ.update(cluster.environment)
    settings = Settings(
        home=folder,
        extractor_paths=":".join(map(str, PACKAGES)),
        MIXPEEK_RAY_ADDRESS=cluster.address if cluster else "",
        in_process_items=0,
    )
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=cluster is None)
    schema = {"properties": {"body": {"type": "text"}}}
    bucket = warehouse.buckets.create(
        warehouse.namespace_id("default"), BucketSpec(bucket_name="texts", bucket_schema=schema)
    )
    return Home(warehouse, bucket)
