"""Uploads: announce a file, send its bytes to a URL that only the announcer knows, confirm."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mixpeek_orchestration.core.bucket import Bucket, UniquePolicy
from mixpeek_orchestration.core.errors import Conflict, Forbidden, InvalidInput, NotFound, TooLarge
from mixpeek_orchestration.core.identity import content_hash, random_id
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.uploads import UploadCatalog
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.warehouse.access import hashed, now
from mixpeek_orchestration.warehouse.buckets.blobs import Content, checked_text
from mixpeek_orchestration.warehouse.buckets.objects import Objects
from mixpeek_orchestration.warehouse.specs import BlobSpec, ConfirmSpec, ObjectSpec, UploadSpec, blob_type_of

MAX_UPLOAD_BYTES = 5_000_000_000


@dataclass(frozen=True)
class Announced:
    """An upload with the token that lets its bytes in; the token is told only here."""

    upload: Upload
    token: str


class Uploads:
    """Uploads of all buckets."""

    def __init__(self, uploads: UploadCatalog, store: ObjectStore, objects: Callable[[], Objects]) -> None:
        self._uploads = uploads
        self._store = store
        self._objects = objects

    def create(self, bucket: Bucket, spec: UploadSpec) -> Announced:
        """An announced upload; raises `InvalidInput` when the bucket has no property for such a file."""
        blob_type = spec.blob_type or blob_type_of(spec.content_type)
        blob_property = spec.blob_property or _property_for(bucket, blob_type, spec.content_type)
        if spec.file_size_bytes is not None and spec.file_size_bytes > MAX_UPLOAD_BYTES:
            raise TooLarge(
                f"The file has {spec.file_size_bytes:,} bytes; an upload may have {MAX_UPLOAD_BYTES:,}.",
                field="file_size_bytes",
                value=spec.file_size_bytes,
            )
        token = secrets.token_urlsafe(24)
        upload = Upload(
            upload_id=random_id("upl"),
            namespace_id=bucket.namespace_id,
            bucket_id=bucket.bucket_id,
            filename=spec.filename,
            mime_type=spec.content_type,
            token_hash=hashed(token),
            expires_at=time.time() + spec.presigned_url_expiration,
            size_bytes=spec.file_size_bytes,
            blob_property=blob_property,
            blob_type=bucket.properties[blob_property].type
            if blob_property in bucket.properties
            else blob_type or "",
            object_metadata={**(spec.metadata or {}), **(spec.object_metadata or {})},
            create_object=spec.create_object_on_confirm,
            skip_duplicates=spec.skip_duplicates,
            file_hash=spec.file_hash,
            created_at=now(),
        )
        return Announced(self._uploads.put(upload), token)

    def admitted(self, upload_id: str, token: str) -> Upload:
        """The upload that a token lets bytes into; raises `Forbidden` for a wrong or expired one."""
        upload = self._get(upload_id)
        if not secrets.compare_digest(upload.token_hash, hashed(token)) or time.time() > upload.expires_at:
            raise Forbidden("This upload URL is not valid or has expired.", fix="Announce the upload again.")
        return upload

    def receive(self, upload_id: str, token: str, data: bytes) -> Upload:
        """The upload with its bytes stored; raises `Forbidden` for a wrong or expired token."""
        upload = self.admitted(upload_id, token)
        if upload.size_bytes is not None and upload.size_bytes != len(data):
            raise InvalidInput(
                f"{len(data):,} bytes arrived, {upload.size_bytes:,} were announced.", field="file_size_bytes"
            )
        address = content_hash(data)
        if upload.file_hash is not None and upload.file_hash != address:
            raise InvalidInput(
                "The content has another SHA-256 than announced.", field="file_hash", value=upload.file_hash
            )
        if upload.blob_type == "text":
            checked_text(data, field="file")
        if not data:
            raise InvalidInput("The file is empty.", field="file")
        self._store.put(data)
        return self._uploads.put(replace(upload, content_hash=address, size_bytes=len(data)))

    def confirm(
        self,
        bucket: Bucket,
        upload_id: str,
        seen: ConfirmSpec | None = None,
        *,
        policy: UniquePolicy | None = None,
    ) -> tuple[Upload, SourceObject | None]:
        """The confirmed upload, and the object made of it unless the announcement said otherwise.

        Raises `InvalidInput` when the uploader saw other bytes go out than have arrived.
        """
        upload = self._get(upload_id)
        if upload.bucket_id != bucket.bucket_id:
            raise NotFound(
                f"Bucket {bucket.name!r} has no upload {upload_id!r}.", field="upload_id", value=upload_id
            )
        if not upload.content_hash:
            raise Conflict("The bytes have not arrived yet.", field="upload_id", fix="PUT the file first.")
        _check_seen(upload, seen or ConfirmSpec())
        if not upload.create_object:
            return upload, None
        blob = BlobSpec(property=upload.blob_property, upload_id=upload_id)
        spec = ObjectSpec(
            blobs=[blob],
            metadata=dict(upload.object_metadata),
            skip_duplicates=upload.skip_duplicates,
            idempotency_key=None if upload.skip_duplicates else upload_id,
        )
        stored = self._objects().put(bucket, spec, policy=policy).object
        return self._uploads.put(replace(upload, object_id=stored.object_id)), stored

    def content(self, bucket: Bucket, upload_id: str) -> Content:
        """The bytes of an upload that the bucket received; raises `NotFound`, also for another bucket's, or `Conflict`."""
        upload = self._get(upload_id)
        if upload.bucket_id != bucket.bucket_id:
            raise NotFound(
                f"Bucket {bucket.name!r} has no upload {upload_id!r}.", field="upload_id", value=upload_id
            )
        if not upload.content_hash:
            raise Conflict("The bytes have not arrived yet.", field="upload_id", value=upload_id)
        return Content(self._store.get(upload.content_hash), upload.mime_type, upload.filename)

    def _get(self, upload_id: str) -> Upload:
        upload = self._uploads.get(upload_id)
        if upload is None:
            raise NotFound(f"There is no upload {upload_id!r}.", field="upload_id", value=upload_id)
        return upload


def _check_seen(upload: Upload, seen: ConfirmSpec) -> None:
    if seen.file_size_bytes is not None and seen.file_size_bytes != upload.size_bytes:
        raise InvalidInput(
            f"{upload.size_bytes} bytes have arrived.",
            field="file_size_bytes",
            value=seen.file_size_bytes,
            fix="PUT the file again.",
        )
    if seen.etag is not None and seen.etag.strip('"') != upload.content_hash:
        raise InvalidInput(
            "Other content has arrived.",
            field="etag",
            value=seen.etag,
            fix="Send the ETag that the PUT answered, or PUT the file again.",
        )


def _property_for(bucket: Bucket, blob_type: str | None, mime_type: str) -> str:
    """The bucket's only property of a type; raises `InvalidInput` when there is none, or a choice."""
    fitting = [name for name, prop in bucket.properties.items() if prop.is_blob and prop.type == blob_type]
    if len(fitting) != 1:
        raise InvalidInput(
            f"Bucket {bucket.name!r} has {len(fitting)} properties for {mime_type}.",
            field="blob_property",
            value=mime_type,
            fix="Name the property in blob_property.",
        )
    return fitting[0]
