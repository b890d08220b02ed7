"""How a namespace's own models look on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mixpeek_orchestration.core.own_model import ModelUpload, OwnModel


def upload_answer(upload: ModelUpload, url: str) -> dict[str, Any]:
    """An announced upload, with the URL that takes its bytes."""
    return {
        "upload_id": upload.upload_id,
        "presigned_url": url,
        "required_content_type": "application/octet-stream",
        "s3_key": f"models/{upload.upload_id}",
        "expires_at": _time(upload.expires_at),
        "organization_id": upload.namespace_id,
        "name": upload.name,
        "version": upload.version,
        "model_format": upload.model_format,
    }


def confirmed_answer(upload_id: str, model: OwnModel) -> dict[str, Any]:
    """A confirmed upload: its bytes are what their format says."""
    return {
        "success": True,
        "upload_id": upload_id,
        "model_id": model.model_id,
        "validation_status": "passed",
        "validation_errors": [],
        "s3_archive_url": archive_url(model),
        "message": f"The model {model.name} {model.version} can be loaded with load_namespace_model({model.name!r}).",
    }


def created_answer(model: OwnModel) -> dict[str, Any]:
    """A model that came with its own request."""
    return {
        "success": True,
        "model_id": model.model_id,
        "deployment_status": "deployed",
        "endpoint": "",
        "model_archive_url": archive_url(model),
    }


def listed_answer(models: list[OwnModel], namespace_id: str) -> dict[str, Any]:
    """All models of a namespace."""
    listed = [_item(model) for model in models]
    return {"success": True, "models": listed, "total": len(listed), "namespace_id": namespace_id}


def model_answer(model: OwnModel) -> dict[str, Any]:
    """One model, with the digest of its files."""
    document = {
        **_item(model),
        "namespace_id": model.namespace_id,
        "description": model.description,
        "model_archive_url": archive_url(model),
        "model_hash": model.digest,
        "size_bytes": model.size_bytes,
        "resource_requirements": dict(model.resource_requirements) or None,
    }
    return {"success": True, "model": document}


def archive_url(model: OwnModel) -> str:
    """An address that says which bytes these are; they are read with `load_namespace_model`."""
    return f"mixpeek://models/{model.digest}"


def _item(model: OwnModel) -> dict[str, Any]:
    return {
        "model_id": model.model_id,
        "name": model.name,
        "version": model.version,
        "model_format": model.model_format,
        "source": "customer",
        "framework": model.framework,
        "task_type": model.task_type,
        "deployed": True,
        "endpoint": None,
        "created_at": model.created_at,
        "updated_at": model.created_at,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
