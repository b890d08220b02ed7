"""Buckets: create, find, count, delete."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.bucket import Bucket, BucketCounts, ManagedBy, Property
from mixpeek_orchestration.core.errors import Conflict, NotFound
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.declarations.ownership import check_owner
from mixpeek_orchestration.warehouse.specs import BucketSpec
from mixpeek_orchestration.warehouse.syncs.declarations import check_declared, declare


def bucket_from(
    spec: BucketSpec, *, namespace_id: str, bucket_id: str, managed_by: ManagedBy, created_at: str
) -> Bucket:
    """The bucket that a spec describes."""
    properties = {
        name: Property(
            p.type,
            p.required,
            p.default,
            p.description,
            tuple(p.enum or ()),
            examples=tuple(p.examples or ()),
            items=p.items,
            properties=p.properties,
        )
        for name, p in spec.bucket_schema.properties.items()
    }
    return Bucket(
        bucket_id=bucket_id,
        namespace_id=namespace_id,
        name=spec.bucket_name,
        properties=properties,
        unique_key=tuple(spec.unique_key.fields) if spec.unique_key else (),
        unique_policy=spec.unique_key.default_policy if spec.unique_key else "upsert",
        description=spec.description,
        metadata=spec.metadata or {},
        managed_by=managed_by,
        syncs=tuple(said.rules for said in spec.syncs or ()),
        created_at=created_at,
        updated_at=now(),
    )


class Buckets:
    """The buckets of the warehouse."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, namespace_id: str, spec: BucketSpec, *, managed_by: ManagedBy = "api") -> Bucket:
        """A new bucket with the syncs that it declares; raises `NameConflict` when one is named alike."""
        bucket = bucket_from(
            spec,
            namespace_id=namespace_id,
            bucket_id=random_id("bkt"),
            managed_by=managed_by,
            created_at=now(),
        )
        return self._kept(bucket)

    def update(self, old: Bucket, spec: BucketSpec, *, managed_by: ManagedBy) -> Bucket:
        """The bucket with what the spec says now; its unique key cannot change."""
        check_owner(old.managed_by, managed_by, kind="bucket", name=old.name)
        new = bucket_from(
            spec,
            namespace_id=old.namespace_id,
            bucket_id=old.bucket_id,
            managed_by=managed_by,
            created_at=old.created_at,
        )
        if new.unique_key != old.unique_key:
            raise Conflict(
                f"The unique key of bucket {old.name!r} cannot change after creation.",
                field="unique_key",
                value=list(new.unique_key),
                fix="Make a new bucket.",
            )
        self._check_readers(old, new)
        return self._kept(new)

    def _kept(self, bucket: Bucket) -> Bucket:
        """The bucket in the catalog, and the syncs that it declares; the sync sensor makes up for those that a crash
        left out."""
        check_declared(bucket)
        stored = self._catalog.resources.put_bucket(bucket)
        declare(self._catalog.syncs, stored)
        return stored

    def _check_readers(self, old: Bucket, new: Bucket) -> None:
        """Raises `Conflict` when a property that collections may read goes or gets another type."""
        lost = [
            name
            for name, prop in old.properties.items()
            if name not in new.properties or new.properties[name].type != prop.type
        ]
        readers = self._readers(old) if lost else []
        if readers:
            raise Conflict(
                f"The property {lost[0]!r} of bucket {old.name!r} may be read by {', '.join(readers)}.",
                field=f"bucket_schema.properties.{lost[0]}",
                value=lost[0],
                fix="Keep it as it was, and add a new property.",
            )

    def _readers(self, bucket: Bucket) -> list[str]:
        collections = self._catalog.resources.collections(bucket.namespace_id)
        return [c.name for c in collections if bucket.bucket_id in c.source.ids]

    def said(self, old: Bucket, spec: BucketSpec) -> Bucket:
        """The bucket as the spec would have it; equal to `old` when it says nothing new."""
        said = bucket_from(
            spec,
            namespace_id=old.namespace_id,
            bucket_id=old.bucket_id,
            managed_by=old.managed_by,
            created_at=old.created_at,
        )
        return replace(said, updated_at=old.updated_at)

    def get(self, namespace_id: str, identifier: str) -> Bucket:
        """By id or name; raises `NotFound`."""
        bucket = self._catalog.resources.bucket(namespace_id, identifier)
        if bucket is None:
            raise NotFound(f"There is no bucket {identifier!r}.", field="bucket", value=identifier)
        return bucket

    def all(self, namespace_id: str) -> list[Bucket]:
        return self._catalog.resources.buckets(namespace_id)

    def counts(self, bucket: Bucket) -> BucketCounts:
        return self._catalog.objects.counts(bucket.bucket_id)

    def delete(self, namespace_id: str, identifier: str, *, managed_by: ManagedBy = "api") -> None:
        """Remove a bucket that no collection reads and that holds no object; raises `Conflict` otherwise."""
        bucket = self.get(namespace_id, identifier)
        check_owner(bucket.managed_by, managed_by, kind="bucket", name=bucket.name)
        readers = self._readers(bucket)
        if readers:
            raise Conflict(
                f"Bucket {bucket.name!r} is read by {', '.join(readers)}.",
                value=readers,
                fix="Delete those first.",
            )
        objects = self.counts(bucket).objects
        if objects:
            raise Conflict(
                f"Bucket {bucket.name!r} still holds {objects} objects.",
                value=objects,
                fix="Delete them first.",
            )
        for sync in self._catalog.syncs.all(bucket_id=bucket.bucket_id):
            self._catalog.syncs.delete(sync.sync_id)
        self._catalog.resources.delete_bucket(bucket.bucket_id)
