"""The port to the catalog's own models."""

from __future__ import annotations

from typing import Protocol

from mixpeek_orchestration.core.own_model import ModelUpload, OwnModel


class ModelCatalog(Protocol):
    """The weights that namespaces have uploaded, and uploads of them that are under way."""

    def add(self, model: OwnModel, *, limit: int) -> OwnModel:
        """Keep a new version, stamped with the time; raises `Conflict` for one that exists, and for more than `limit`
        in its namespace."""

    def get(self, namespace_id: str, model_id: str) -> OwnModel | None: ...
    def all(self, namespace_id: str) -> list[OwnModel]:
        """Oldest first."""

    def delete(self, namespace_id: str, model_id: str) -> bool:
        """Forget a model; `False` when it was not known."""

    def uses_part(self, content_hash: str) -> bool:
        """Whether any model of any namespace has a part at this address."""

    def put_upload(self, upload: ModelUpload) -> ModelUpload:
        """Insert or replace by id."""

    def upload(self, upload_id: str) -> ModelUpload | None: ...
