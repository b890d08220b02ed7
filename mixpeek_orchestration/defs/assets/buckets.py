"""Bucket assets: what lies in a bucket, without touching it."""

from typing import Any

import dagster as dg

from mixpeek_orchestration.core.bucket import BucketCounts
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.descriptions import bucket_description
from mixpeek_orchestration.defs.lineage import lineage_asset, no_retry_in_vain, tag_run
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotBucket


def bucket_asset(
    bucket: SnapshotBucket, *, partitions: dg.PartitionsDefinition[str], addresses: Addresses
) -> dg.AssetsDefinition:
    """The asset of a bucket: a partition is a batch, a selection of its objects."""

    @lineage_asset(
        bucket,
        upstream=(),
        partitions=partitions,
        description=bucket_description(bucket),
        kinds={"bucket"},
        metadata={
            "bucket_id": bucket.bucket_id,
            "api": addresses.resource(bucket),
            "lineage": addresses.lineage(bucket),
        },
    )
    def objects(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        with no_retry_in_vain():
            tag_run(context, bucket)
            opened = warehouse.open()
            counts = opened.buckets.counts(opened.buckets.get(bucket.namespace_id, bucket.bucket_id))
            in_batches = opened.catalog.batches.object_ids(context.partition_keys)
        for batch_id in context.partition_keys:
            context.add_asset_metadata(
                {
                    "dagster/partition_row_count": len(in_batches.get(batch_id, [])),
                    "batch": addresses.batch(bucket, batch_id),
                },
                partition_key=batch_id,
            )
        return dg.MaterializeResult(metadata=_counted(counts))

    return objects


def _counted(counts: BucketCounts) -> dict[str, Any]:
    return {
        "dagster/row_count": counts.objects,
        "size_bytes": counts.size_bytes,
        **{f"blobs_{kind}": number for kind, number in sorted(counts.blob_types.items())},
        "last_upload_at": counts.last_upload_at or "never",
    }
