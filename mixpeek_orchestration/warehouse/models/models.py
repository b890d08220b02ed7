"""The weights that namespaces bring themselves: uploaded, checked, kept for ever, unpacked where they are used."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mixpeek_orchestration.core.errors import (
    Broken,
    Conflict,
    Forbidden,
    InvalidInput,
    MixpeekError,
    NotFound,
)
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.own_model import MAX_BYTES, MAX_PER_NAMESPACE, ModelUpload, OwnModel
from mixpeek_orchestration.core.ports.models import ModelCatalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.warehouse.access import hashed
from mixpeek_orchestration.warehouse.models.archives import check_format, files_digest, model_root, unpacked
from mixpeek_orchestration.warehouse.models.parts import PartWriter, read_parts
from mixpeek_orchestration.warehouse.models.specs import ModelConfirmSpec, ModelSpec, ModelUploadSpec


@dataclass(frozen=True)
class AnnouncedModel:
    """An upload with the token that lets its bytes in; the token is told only here."""

    upload: ModelUpload
    token: str


class Models:
    """The own models of all namespaces. `store` holds nothing but their parts; `cache` is a folder of this machine."""

    def __init__(self, catalog: ModelCatalog, store: ObjectStore, cache: Path) -> None:
        self._catalog = catalog
        self._store = store
        self._cache = cache

    def announce(self, namespace_id: str, spec: ModelUploadSpec) -> AnnouncedModel:
        """An announced upload; raises `Conflict` when the version exists already."""
        version = canonical_version(spec.version)
        model_id = model_id_of(spec.name, version)
        if self._catalog.get(namespace_id, model_id) is not None:
            raise Conflict(
                f"The model {spec.name!r} has a version {version} already.",
                field="version",
                value=spec.version,
                fix="Upload it under another version.",
                model_id=model_id,
            )
        token = secrets.token_urlsafe(24)
        upload = _upload_of(namespace_id, spec, version)
        announced = replace(
            upload,
            token_hash=hashed(token),
            expires_at=time.time() + spec.presigned_url_expiration,
            declared_bytes=spec.file_size_bytes,
        )
        return AnnouncedModel(self._catalog.put_upload(announced), token)

    def admitted(self, upload_id: str, token: str) -> ModelUpload:
        """The upload that a token lets bytes into; raises `Forbidden` for a wrong or expired one."""
        upload = self._upload(upload_id)
        if not secrets.compare_digest(upload.token_hash, hashed(token)) or time.time() > upload.expires_at:
            raise Forbidden("This upload URL is not valid or has expired.", fix="Announce the upload again.")
        if upload.model_id:
            raise Conflict("This upload is confirmed already.", field="upload_id", value=upload_id)
        return upload

    def writer(self, upload: ModelUpload | None = None) -> PartWriter:
        """Where the bytes of a model go; an upload lets in no more than it declared."""
        return PartWriter(self._store, limit=(upload and upload.declared_bytes) or MAX_BYTES)

    def received(self, upload: ModelUpload, writer: PartWriter) -> ModelUpload:
        """The upload with its bytes; raises `InvalidInput` when fewer arrived than were declared."""
        parts = writer.finish()
        if not parts or (upload.declared_bytes is not None and upload.declared_bytes != writer.size):
            self.discard(parts)
            raise InvalidInput(
                f"{writer.size:,} bytes arrived, {upload.declared_bytes or 1:,} or more were announced.",
                field="file_size_bytes",
                value=writer.size,
                fix="PUT the whole file.",
            )
        self.discard(tuple(set(upload.parts) - set(parts)))
        return self._catalog.put_upload(replace(upload, parts=parts, size_bytes=writer.size))

    def confirm(self, namespace_id: str, upload_id: str, seen: ModelConfirmSpec | None = None) -> OwnModel:
        """The model that an upload became; confirming twice gives the same one.

        Raises `Conflict` before its bytes have arrived, `InvalidInput` when they are not what their format says.
        """
        upload = self._upload(upload_id)
        if upload.namespace_id != namespace_id:
            raise _no_upload(upload_id)
        if upload.model_id:
            return self.get(namespace_id, upload.model_id)
        if not upload.parts:
            raise Conflict("The bytes have not arrived yet.", field="upload_id", fix="PUT the file first.")
        if seen is not None and seen.file_size_bytes not in (None, upload.size_bytes):
            raise InvalidInput(
                f"{upload.size_bytes} bytes have arrived.",
                field="file_size_bytes",
                value=seen.file_size_bytes,
            )
        try:
            model = self._added(upload)
        except InvalidInput:
            self.discard(upload.parts)
            self._catalog.put_upload(replace(upload, parts=(), size_bytes=0))
            raise
        self._catalog.put_upload(replace(upload, model_id=model.model_id))
        return model

    def add(self, namespace_id: str, spec: ModelSpec, chunks: Iterable[bytes]) -> OwnModel:
        """A new version from its bytes; raises `Conflict` or `InvalidInput`, and then keeps nothing."""
        writer = self.writer()
        upload = _upload_of(namespace_id, spec, canonical_version(spec.version))
        try:
            for chunk in chunks:
                writer.write(chunk)
            return self._added(replace(upload, parts=writer.finish(), size_bytes=writer.size))
        except MixpeekError:
            self.discard(writer.parts())
            raise

    def all(self, namespace_id: str) -> list[OwnModel]:
        """Oldest first."""
        return self._catalog.all(namespace_id)

    def get(self, namespace_id: str, identifier: str) -> OwnModel:
        """By id (`name_1_0_0`), by `name@version`, or the newest of a name; raises `NotFound`."""
        found = self._catalog.get(namespace_id, identifier)
        if found is not None:
            return found
        name, _, version = identifier.partition("@")
        return self.find(namespace_id, name, version or None)

    def find(self, namespace_id: str, name: str, version: str | None = None) -> OwnModel:
        """A version of a model, the newest without one; raises `NotFound` with what there is."""
        wanted = None if version is None else canonical_version(version)
        every = self._catalog.all(namespace_id)
        fitting = [m for m in every if m.name == name and wanted in (None, m.version)]
        if not fitting:
            there = ", ".join(f"{m.name}@{m.version}" for m in every) or "none"
            raise NotFound(
                f"The namespace has no model {name!r}{f' {version}' if version else ''}.",
                field="model",
                value=name if version is None else f"{name}@{version}",
                fix=f"mixpeek model push {name} PATH. There are: {there}.",
            )
        return max(fitting, key=lambda m: tuple(map(int, m.version.split("."))))

    def delete(self, namespace_id: str, identifier: str) -> OwnModel:
        """Forget a model and the bytes that no other has; raises `NotFound`."""
        model = self.get(namespace_id, identifier)
        self._catalog.delete(namespace_id, model.model_id)
        self.discard(model.parts)
        return model

    def discard(self, parts: Iterable[str]) -> None:
        """Remove those parts from the store that no model has."""
        for part in set(parts):
            if not self._catalog.uses_part(part):
                self._store.delete(part)

    def content(self, model: OwnModel) -> Iterator[bytes]:
        """The file as it was uploaded, a part at a time."""
        return read_parts(self._store, model.parts)

    def files(self, model: OwnModel) -> Path:
        """A local folder with the files of a model, unpacked once per machine and checked against its digest."""
        folder = self._cache / model.digest
        if not folder.is_dir():
            with _unpacked(self.content(model), model.model_format, self._cache) as fresh:
                if files_digest(fresh) != model.digest:
                    raise Broken(
                        f"The stored bytes of the model {model.model_id!r} have changed.",
                        field="model",
                        value=model.model_id,
                        fix="Delete it and upload it again.",
                    )
                _publish(fresh, folder)
        return model_root(folder)

    def _added(self, upload: ModelUpload) -> OwnModel:
        content = read_parts(self._store, upload.parts)
        with _unpacked(content, upload.model_format, self._cache) as fresh:
            check_format(fresh, upload.model_format)
            model = self._catalog.add(_model_of(upload, files_digest(fresh)), limit=MAX_PER_NAMESPACE)
            _publish(fresh, self._cache / model.digest)
        return model

    def _upload(self, upload_id: str) -> ModelUpload:
        found = self._catalog.upload(upload_id)
        if found is None:
            raise _no_upload(upload_id)
        return found


def model_id_of(name: str, version: str) -> str:
    """The id of a version: `name_1_0_0`."""
    return f"{name}_{version.replace('.', '_')}"


@contextmanager
def _unpacked(content: Iterator[bytes], model_format: str, cache: Path) -> Iterator[Path]:
    """A temporary folder with the files of a model, beside the place that they will have."""
    cache.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".incoming-", dir=cache))
    try:
        packed = scratch / "packed"
        with packed.open("wb") as file:
            file.writelines(content)
        unpacked(packed, scratch / "files", model_format)
        yield scratch / "files"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _publish(fresh: Path, folder: Path) -> None:
    """Move the files to their place; another process that was first has put the same ones there."""
    try:
        os.rename(fresh, folder)
    except OSError:
        if not folder.is_dir():
            raise


def _upload_of(namespace_id: str, spec: ModelSpec, version: str) -> ModelUpload:
    resources = spec.resource_requirements
    return ModelUpload(
        upload_id=random_id("mup"),
        namespace_id=namespace_id,
        name=spec.name,
        version=version,
        model_format=spec.model_format,
        token_hash="",
        expires_at=0.0,
        description=spec.description or "",
        framework=spec.framework,
        task_type=spec.task_type,
        resource_requirements={} if resources is None else resources.model_dump(),
    )


def _model_of(upload: ModelUpload, digest: str) -> OwnModel:
    return OwnModel(
        model_id=model_id_of(upload.name, upload.version),
        namespace_id=upload.namespace_id,
        name=upload.name,
        version=upload.version,
        model_format=upload.model_format,
        digest=digest,
        size_bytes=upload.size_bytes,
        parts=upload.parts,
        description=upload.description,
        framework=upload.framework,
        task_type=upload.task_type,
        resource_requirements=upload.resource_requirements,
    )


def _no_upload(upload_id: str) -> NotFound:
    return NotFound(f"There is no upload {upload_id!r}.", field="upload_id", value=upload_id)
