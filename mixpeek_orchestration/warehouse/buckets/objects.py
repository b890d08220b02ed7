"""Objects: what is put into buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from mixpeek_orchestration.core import identity
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket, Property, UniquePolicy
from mixpeek_orchestration.core.document import is_reserved
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, NotFound
from mixpeek_orchestration.core.fingerprint import canonical_json
from mixpeek_orchestration.core.object import Blob, SourceObject
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.source_objects import ObjectCatalog
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.buckets.blobs import Content, blob_of, declared_blob, inline_content
from mixpeek_orchestration.warehouse.specs import BlobSpec, ObjectSpec

_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "date": (str,),
    "datetime": (str,),
    "number": (int, float),
    "float": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}

_WRITERS = 16
_SAME_CONTENT = "content:"
"""The key of objects that were put with `skip_duplicates`: the first one with the same bytes stays as it is."""

UploadedContent = Callable[[Bucket, str], Content]
"""Gives the content of a received upload by its id."""


@dataclass(frozen=True)
class Put:
    """What came of putting an object: `change` is `created`, `updated` or `unchanged`."""

    object: SourceObject
    change: str


class Objects:
    """The objects of all buckets."""

    def __init__(
        self,
        objects: ObjectCatalog,
        store: ObjectStore,
        *,
        uploaded: UploadedContent,
        removals: Batches,
    ) -> None:
        self._objects = objects
        self._store = store
        self._uploaded = uploaded
        self._removals = removals

    def put(self, bucket: Bucket, spec: ObjectSpec, *, policy: UniquePolicy | None = None) -> Put:
        """One object, stored; see `put_many`."""
        return self.put_many(bucket, [spec], policy=policy)[0]

    def put_many(
        self, bucket: Bucket, specs: Sequence[ObjectSpec], *, policy: UniquePolicy | None = None
    ) -> list[Put]:
        """All of the objects, stored, or none of them. An object that is already there, equal, is not written.

        Raises `InvalidInput` naming the field for content that does not fit the bucket's schema, `Conflict`
        (policy `insert`) or `NotFound` (policy `update`) by the bucket's unique key.
        """
        staged = [self._staged(bucket, spec) for spec in specs]
        known = self._objects.get_many([new.object_id for new, _ in staged])
        puts: list[Put] = []
        for new, _ in staged:
            puts.append(_judged(bucket, new, known.get(new.object_id), policy))
            known[new.object_id] = puts[-1].object
        contents = {
            blob.content_hash: content
            for put, (new, held) in zip(puts, staged, strict=True)
            if put.change != "unchanged"
            for blob, content in zip(new.blobs, held, strict=True)
        }
        changed = {put.object.object_id: put.object for put in puts if put.change != "unchanged"}
        if changed:
            self._keep(list(changed.values()), contents)
        return puts

    def replace(self, bucket: Bucket, object_id: str, spec: ObjectSpec) -> Put:
        """The object with new content under its old id; raises `NotFound`."""
        old = self.get(bucket, object_id)
        new, contents = self._staged(bucket, spec, object_id=object_id, key=old.key)
        _check_unique_key(bucket, old, new.metadata)
        put = _judged(bucket, new, old, "upsert")
        if put.change != "unchanged":
            held = {blob.content_hash: content for blob, content in zip(new.blobs, contents, strict=True)}
            self._keep([put.object], held)
        return put

    def edit(self, bucket: Bucket, object_id: str, fields: Mapping[str, Any], *, merge: bool) -> Put:
        """The object with other metadata and the same blobs; raises `NotFound`.

        With `merge`, fields that are not named stay, and `None` removes one; otherwise `fields` is all there is.
        """
        old = self.get(bucket, object_id)
        wanted = {**old.metadata, **fields} if merge else dict(fields)
        metadata = checked_fields(
            bucket, {name: value for name, value in wanted.items() if value is not None}
        )
        check_required(bucket, {blob.property for blob in old.blobs} | set(metadata))
        _check_unique_key(bucket, old, metadata)
        put = _judged(bucket, replace(old, metadata=metadata, updated_at=now()), old, "upsert")
        if put.change != "unchanged":
            self._objects.put([put.object])
        return put

    def get(self, bucket: Bucket, object_id: str) -> SourceObject:
        """A live object; raises `NotFound`."""
        found = self._objects.get(bucket.bucket_id, object_id)
        if found is None:
            raise NotFound(
                f"Bucket {bucket.name!r} has no object {object_id!r}.", field="object_id", value=object_id
            )
        return found

    def page(self, bucket: Bucket, *, limit: int = 100, offset: int = 0) -> list[SourceObject]:
        return self._objects.page(bucket.bucket_id, limit=limit, offset=offset)

    def ids(self, bucket: Bucket) -> list[str]:
        return self._objects.ids(bucket.bucket_id)

    def delete(self, bucket: Bucket, object_id: str) -> Batch | None:
        """Remove an object. The batch that removes its documents is submitted and returned; `None` without any."""
        self.get(bucket, object_id)
        return self.delete_many(bucket, [object_id])

    def delete_many(self, bucket: Bucket, object_ids: Sequence[str]) -> Batch | None:
        """Remove objects, and submit the batch that removes their documents.

        The batch is there before the objects are gone: a crash in between leaves a draft that says what is to do.
        """
        removal = self._removals.removal(bucket, object_ids)
        self._objects.delete(bucket.bucket_id, object_ids)
        return removal and self._removals.submit(bucket, removal.batch_id)

    def _keep(self, changed: Sequence[SourceObject], contents: Mapping[str, bytes]) -> None:
        """The objects kept with all their contents, which are stored side by side because each waits for the disk.

        Bytes that were there already may have been removed before the catalog named them: see `Contents`.
        """
        with ThreadPoolExecutor(_WRITERS) as writers:
            list(writers.map(self._store.put, contents.values()))
            self._objects.put(changed)
            there = writers.map(self._store.exists, contents)
            lost = [
                content for content, is_there in zip(contents.values(), there, strict=True) if not is_there
            ]
            list(writers.map(self._store.put, lost))

    def _staged(
        self, bucket: Bucket, spec: ObjectSpec, *, object_id: str | None = None, key: str | None = None
    ) -> tuple[SourceObject, list[bytes]]:
        metadata = checked_fields(bucket, spec.fields)
        contents = [self._content(bucket, blob, at=f"blobs.{i}") for i, blob in enumerate(spec.blobs)]
        check_required(bucket, {blob.property for blob in spec.blobs} | set(metadata))
        if key is None and object_id is None:
            key = object_key(bucket, spec, metadata, [content.data for content in contents])
        object_id = object_id or (
            identity.object_id(bucket.bucket_id, key) if key else identity.random_id("obj")
        )
        blobs = tuple(
            _checked_blob(bucket, blob, content, object_key=object_id, field=f"blobs.{i}")
            for i, (blob, content) in enumerate(zip(spec.blobs, contents, strict=True))
        )
        moment = now()
        new = SourceObject(
            object_id=object_id,
            namespace_id=bucket.namespace_id,
            bucket_id=bucket.bucket_id,
            blobs=blobs,
            metadata=metadata,
            key=key,
            created_at=moment,
            updated_at=moment,
        )
        return new, [content.data for content in contents]

    def _content(self, bucket: Bucket, blob: BlobSpec, *, at: str) -> Content:
        declared = declared_blob(bucket, blob.property, field=f"{at}.property")
        if blob.type is not None and blob.type != declared.type:
            raise InvalidInput(
                f"The property {blob.property!r} of bucket {bucket.name!r} is of type {declared.type}, not {blob.type}.",
                field=f"{at}.type",
                value=blob.type,
                fix=f"Send type {declared.type}, or leave it out.",
            )
        if blob.upload_id is not None:
            return self._uploaded(bucket, blob.upload_id)
        return inline_content(blob, declared.type, field=at)


def _check_unique_key(bucket: Bucket, old: SourceObject, metadata: Mapping[str, Any]) -> None:
    for name in bucket.unique_key:
        if metadata.get(name) != old.metadata.get(name):
            raise Conflict(
                f"The field {name!r} is part of the object's unique key.",
                field=name,
                value=metadata.get(name),
                fix="Put a new object, then delete this one.",
            )


def _checked_blob(bucket: Bucket, spec: BlobSpec, content: Content, *, object_key: str, field: str) -> Blob:
    declared = declared_blob(bucket, spec.property, field=f"{field}.property")
    blob = blob_of(
        content, property_name=spec.property, blob_type=declared.type, object_key=object_key, field=field
    )
    if spec.checksum is not None and spec.checksum != f"sha256:{blob.content_hash}":
        raise InvalidInput(
            "The checksum does not match the content.",
            field=f"{field}.checksum",
            value=spec.checksum,
            fix=f"The content that arrived has sha256:{blob.content_hash}.",
        )
    return blob


def _judged(bucket: Bucket, new: SourceObject, old: SourceObject | None, policy: UniquePolicy | None) -> Put:
    effective = policy or (bucket.unique_policy if bucket.unique_key else "upsert")
    if old is None:
        if effective == "update":
            raise NotFound(
                f"Bucket {bucket.name!r} has no object with this unique key.",
                field="unique_key",
                value=new.key,
            )
        return Put(new, "created")
    if effective == "insert":
        raise Conflict(
            f"Bucket {bucket.name!r} already has an object with this unique key.",
            field="unique_key",
            value=new.key,
            fix="Use policy upsert to replace it.",
            object_id=old.object_id,
        )
    if old.source_fp == new.source_fp or (new.key or "").startswith(_SAME_CONTENT):
        return Put(old, "unchanged")
    return Put(replace(new, created_at=old.created_at), "updated")


def object_key(
    bucket: Bucket, spec: ObjectSpec, metadata: Mapping[str, Any], contents: list[bytes]
) -> str | None:
    """What names the object from outside, by precedence; `None` when nothing does."""
    if bucket.unique_key:
        missing = [name for name in bucket.unique_key if metadata.get(name) is None]
        if missing:
            raise InvalidInput(
                f"The unique key of bucket {bucket.name!r} needs {', '.join(missing)}.",
                field=missing[0],
                fix="Add it.",
            )
        return "key:" + canonical_json([metadata[name] for name in bucket.unique_key])
    if spec.idempotency_key:
        return f"idempotency:{spec.idempotency_key}"
    if spec.source_key:
        return f"path:{spec.source_key}"
    if spec.skip_duplicates and contents:
        return _SAME_CONTENT + identity.digest(*map(identity.content_hash, contents))
    return None


def checked_fields(bucket: Bucket, given: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata with declared defaults filled in; raises `InvalidInput` for a value of a wrong type."""
    canonical_json(dict(given))
    declared = {name: prop for name, prop in bucket.properties.items() if not prop.is_blob}
    defaults = {name: prop.default for name, prop in declared.items() if prop.default is not None}
    fields = {**defaults, **given}
    for name, value in fields.items():
        _check_field(name, value, declared.get(name), bucket)
    return fields


def _check_field(name: str, value: Any, declared: Property | None, bucket: Bucket) -> None:
    if is_reserved(name) or "." in name:
        raise InvalidInput(
            f"The field name {name!r} cannot be used.",
            field=name,
            value=value,
            fix="Rename it: document_id and names with a leading underscore belong to the warehouse, a dot is a path.",
        )
    if declared is None or value is None:
        return
    fits = isinstance(value, _JSON_TYPES[declared.type]) and (
        declared.type == "boolean" or not isinstance(value, bool)
    )
    if not fits:
        raise InvalidInput(
            f"The field {name!r} of bucket {bucket.name!r} is declared as {declared.type}.",
            field=name,
            value=value,
            fix=f"Send a {declared.type}.",
        )
    if declared.type == "integer" and not -(2**63) <= value < 2**63:
        raise InvalidInput(f"The field {name!r} does not fit into 64 bits.", field=name, value=value)
    if declared.enum and value not in declared.enum:
        raise InvalidInput(
            f"The field {name!r} must be one of {list(declared.enum)}.", field=name, value=value
        )


def check_required(bucket: Bucket, present: set[str]) -> None:
    """Raises `InvalidInput` naming a required property of the bucket's schema that the object lacks."""
    for name, prop in bucket.properties.items():
        if prop.required and name not in present:
            raise InvalidInput(
                f"Bucket {bucket.name!r} requires {name!r} ({prop.type}).",
                field=name,
                fix="Add it to the object.",
            )
