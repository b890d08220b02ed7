"""Where a resource can be read over HTTP: what metadata links to instead of showing content.

Links are for browsers: they name the namespace, and the API asks for a key.
"""

from dataclasses import dataclass

import dagster as dg

from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.warehouse.snapshots.snapshot import (
    SnapshotBucket,
    SnapshotCollection,
    SnapshotEndpoint,
    SnapshotRetriever,
)


@dataclass(frozen=True)
class Addresses:
    """Links into the API below `base` (`http://host:port`); `documents` is where tables lie."""

    base: str
    documents: str = ""

    def resource(self, resource: naming.Resource) -> dg.UrlMetadataValue:
        """What the API knows of a resource."""
        match resource:
            case SnapshotBucket():
                return self._in(resource, f"buckets/{resource.bucket_id}")
            case SnapshotCollection():
                return self._in(resource, f"collections/{resource.collection_id}")
            case SnapshotRetriever():
                return self._in(resource, f"retrievers/{resource.retriever_id}")
            case SnapshotEndpoint():
                return self.extractor(resource)

    def extractor(self, user: SnapshotCollection | SnapshotEndpoint) -> dg.UrlMetadataValue:
        """The extractor, with its inputs, its features, and whether it answers queries."""
        return self._in(user, f"extractors/{user.extractor_name}_{user.extractor_version}")

    def samples(self, collection: SnapshotCollection, batch_id: str = "") -> dg.UrlMetadataValue:
        """A few documents, of one batch where it is named."""
        of_batch = f"?batch_id={batch_id}" if batch_id else ""
        return self._in(collection, f"collections/{collection.collection_id}/samples{of_batch}")

    def failures(self, collection: SnapshotCollection) -> dg.UrlMetadataValue:
        """The open failures, with class, message and input reference."""
        return self._in(collection, f"collections/{collection.collection_id}/failures")

    def lineage(self, resource: naming.Resource) -> dg.UrlMetadataValue:
        """The picture of what leads to a collection and comes of it, of the whole namespace for others."""
        around = f"?around={resource.collection_id}" if isinstance(resource, SnapshotCollection) else ""
        return self._in(resource, f"lineage.svg{around}")

    def batch(self, bucket: SnapshotBucket, batch_id: str) -> dg.UrlMetadataValue:
        """A batch of a bucket."""
        return self._in(bucket, f"buckets/{bucket.bucket_id}/batches/{batch_id}")

    def table(self, table: str) -> str:
        """The URI of a table, empty where nobody said where tables lie."""
        return f"{self.documents.rstrip('/')}/{table}.lance" if self.documents else ""

    def _in(self, resource: naming.Resource, place: str) -> dg.UrlMetadataValue:
        return dg.MetadataValue.url(f"{self.base}/v1/namespaces/{resource.namespace_id}/{place}")
