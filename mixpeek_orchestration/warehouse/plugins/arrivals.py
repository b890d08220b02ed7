"""Archives that are arriving: written to disk as they come, so that what was cut off can go on where it ended."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from mixpeek_orchestration.core.errors import Conflict, Forbidden, InvalidInput, NotFound, TooLarge
from mixpeek_orchestration.core.ports.uploads import UploadCatalog
from mixpeek_orchestration.core.published import Announced
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.warehouse.access import hashed, now

ABANDONED_S: Final = 2 * 86_400.0


class Arrivals:
    """Files of uploads that belong to no bucket. `limit` is the most bytes that one may have."""

    def __init__(self, uploads: UploadCatalog, folder: Path, *, limit: int) -> None:
        self._uploads = uploads
        self._folder = folder
        self._limit = limit

    def announce(self, upload: Upload) -> Announced:
        """The upload, kept, with a token of its own; raises `TooLarge` for more than may ever arrive."""
        if upload.size_bytes is not None and upload.size_bytes > self._limit:
            raise _too_large(upload.size_bytes, self._limit)
        self._forget_abandoned()
        token = secrets.token_urlsafe(24)
        kept = self._uploads.put(replace(upload, token_hash=hashed(token), created_at=now()))
        return Announced(kept, token)

    def get(self, upload_id: str, *, namespace_id: str, purpose: str) -> Upload:
        """An upload of a namespace; raises `NotFound`, also for one with another purpose."""
        upload = self._uploads.get(upload_id)
        if upload is None or (upload.namespace_id, upload.purpose) != (namespace_id, purpose):
            raise NotFound(f"There is no upload {upload_id!r}.", field="upload_id", value=upload_id)
        return upload

    def admitted(self, upload_id: str, token: str) -> Upload:
        """The upload that a token lets bytes into; raises `Forbidden` for a wrong or expired one."""
        upload = self._uploads.get(upload_id)
        if upload is None:
            raise NotFound(f"There is no upload {upload_id!r}.", field="upload_id", value=upload_id)
        if not secrets.compare_digest(upload.token_hash, hashed(token)) or time.time() > upload.expires_at:
            raise Forbidden("This upload URL is not valid or has expired.", fix="Announce the upload again.")
        if upload.object_id:
            raise Conflict(
                "This upload was confirmed; its bytes cannot change any more.",
                field="upload_id",
                value=upload_id,
                fix="Announce another upload.",
            )
        return upload

    def size(self, upload_id: str) -> int:
        """How many bytes have arrived."""
        path = self.path(upload_id)
        return path.stat().st_size if path.is_file() else 0

    def path(self, upload_id: str) -> Path:
        """Where the file is."""
        return self._folder / upload_id

    def receive(
        self, upload_id: str, token: str, data: bytes | Iterable[bytes], *, offset: int, last: bool
    ) -> Upload:
        """The upload with these bytes on disk from `offset` on; with `last` its size and hash are checked and kept."""
        upload = self.admitted(upload_id, token)
        limit = self._limit if upload.size_bytes is None else min(upload.size_bytes, self._limit)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._opened(upload_id, offset) as file:
            for chunk in [data] if isinstance(data, bytes) else data:
                if file.tell() + len(chunk) > limit:
                    raise _too_large(file.tell() + len(chunk), limit)
                file.write(chunk)
        return self._finished(upload) if last else upload

    def settled(self, upload: Upload) -> Upload:
        """The upload as it is kept from now on; its file is gone."""
        kept = self._uploads.put(upload)
        self.path(upload.upload_id).unlink(missing_ok=True)
        return kept

    def _forget_abandoned(self) -> None:
        """What was begun and never confirmed goes after a while; no upload URL lives that long."""
        for file in self._folder.iterdir() if self._folder.is_dir() else ():
            if file.stat().st_mtime < time.time() - ABANDONED_S:
                file.unlink(missing_ok=True)

    def _opened(self, upload_id: str, offset: int) -> BinaryIO:
        there = self.size(upload_id)
        if offset not in (0, there):
            raise Conflict(
                f"{there:,} bytes have arrived, so nothing can go on at {offset:,}.",
                field="offset",
                value=offset,
                fix=f"Go on at {there}, or start again at 0.",
                arrived=there,
            )
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if offset else os.O_TRUNC)
        return os.fdopen(os.open(self.path(upload_id), flags, 0o600), "ab" if offset else "wb")

    def _finished(self, upload: Upload) -> Upload:
        # Fewer bytes than announced are no fault: documented requests announce round sizes, and a transfer that was
        # cut off never gets here.
        path = self.path(upload.upload_id)
        size = path.stat().st_size
        if not size:
            raise InvalidInput("The file is empty.", field="file")
        with path.open("rb") as file:
            address = hashlib.file_digest(file, "sha256").hexdigest()
        if upload.file_hash is not None and upload.file_hash != address:
            path.unlink()
            raise InvalidInput(
                "The content has another SHA-256 than announced.",
                field="file_hash",
                value=address,
                fix="PUT the file again.",
            )
        return self._uploads.put(replace(upload, content_hash=address))


def check_arrived(upload: Upload, *, arrived: int, etag: str | None, size: int | None) -> None:
    """Raises `Conflict` while bytes are missing, and `InvalidInput` when others have arrived than the sender saw."""
    if not upload.content_hash:
        expired = time.time() > upload.expires_at
        raise Conflict(
            f"The upload has expired with {arrived:,} bytes."
            if expired
            else "The bytes have not arrived yet.",
            field="upload_id",
            value=upload.upload_id,
            fix="Announce the upload again." if expired else "PUT the whole file first.",
        )
    if size is not None and size != arrived:
        raise InvalidInput(
            f"{arrived:,} bytes have arrived.", field="file_size_bytes", value=size, fix="PUT the file again."
        )
    if etag is not None and etag.removeprefix("W/").strip('"') != upload.content_hash:
        raise InvalidInput(
            "Other content has arrived.",
            field="etag",
            value=etag,
            fix="Send the ETag that the PUT answered, or PUT the file again.",
        )


def _too_large(size: int, limit: int) -> TooLarge:
    return TooLarge(
        f"The file has {size:,} bytes or more; it may have {limit:,}.",
        field="file_size_bytes",
        value=size,
        fix="Leave weights out: load them from the hub or push them with `mixpeek model push`.",
    )
