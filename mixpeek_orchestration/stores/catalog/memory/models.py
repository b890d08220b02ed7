"""Own models in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from mixpeek_orchestration.core.own_model import ModelUpload, OwnModel
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.definitions import second_model, too_many_models
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded


class MemoryModels:
    """The `ModelCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[tuple[str, str], str] = {}
        self._uploads: dict[str, str] = {}

    def add(self, model: OwnModel, *, limit: int) -> OwnModel:
        """Keep a new version, stamped with the time; raises `Conflict` for one that exists, and for more than `limit`
        in its namespace."""
        kept = replace(model, created_at=now())
        with self._lock:
            if (kept.namespace_id, kept.model_id) in self._models:
                raise second_model(kept)
            if sum(namespace == kept.namespace_id for namespace, _ in self._models) >= limit:
                raise too_many_models(limit)
            self._models[kept.namespace_id, kept.model_id] = encoded(kept)
        return kept

    def get(self, namespace_id: str, model_id: str) -> OwnModel | None:
        body = self._models.get((namespace_id, model_id))
        return None if body is None else decoded(OwnModel, body)

    def all(self, namespace_id: str) -> list[OwnModel]:
        """Oldest first."""
        return [model for model in self._every() if model.namespace_id == namespace_id]

    def delete(self, namespace_id: str, model_id: str) -> bool:
        """Forget a model; `False` when it was not known."""
        with self._lock:
            return self._models.pop((namespace_id, model_id), None) is not None

    def uses_part(self, content_hash: str) -> bool:
        """Whether any model of any namespace has a part at this address."""
        return any(content_hash in model.parts for model in self._every())

    def put_upload(self, upload: ModelUpload) -> ModelUpload:
        """Insert or replace by id."""
        self._uploads[upload.upload_id] = encoded(upload)
        return upload

    def upload(self, upload_id: str) -> ModelUpload | None:
        body = self._uploads.get(upload_id)
        return None if body is None else decoded(ModelUpload, body)

    def _every(self) -> list[OwnModel]:
        with self._lock:
            return [decoded(OwnModel, body) for body in self._models.values()]
