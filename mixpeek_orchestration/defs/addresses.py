"""Where a resource can be read over HTTP: what metadata links to instead of showing content."""

from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class Addresses:
    """Links into the API below `base` (`http://host:port`)."""

    base: str

    def bucket(self, bucket_id: str) -> dg.UrlMetadataValue:
        return dg.MetadataValue.url(f"{self.base}/v1/buckets/{bucket_id}")

    def batch(self, bucket_id: str, batch_id: str) -> dg.UrlMetadataValue:
        return dg.MetadataValue.url(f"{self.base}/v1/buckets/{bucket_id}/batches/{batch_id}")

    def collection(self, collection_id: str) -> dg.UrlMetadataValue:
        return dg.MetadataValue.url(f"{self.base}/v1/collections/{collection_id}")

    def retriever(self, retriever_id: str) -> dg.UrlMetadataValue:
        return dg.MetadataValue.url(f"{self.base}/v1/retrievers/{retriever_id}")
