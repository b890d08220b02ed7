"""Published extractors on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.core.published import (
    Activation,
    Announced,
    Confirmed,
    DeploymentState,
    DeploymentStatus,
    PublishedVersion,
)


def announced_answer(announced: Announced, url: str) -> dict[str, Any]:
    """An announced archive with the URL that takes its bytes."""
    upload = announced.upload
    return {
        "success": True,
        "upload_id": upload.upload_id,
        "presigned_url": url,
        "s3_key": f"plugins/{upload.namespace_id}/{upload.upload_id}/{upload.filename}",
        "expires_at": datetime.fromtimestamp(upload.expires_at, UTC),
        "name": upload.details.get("name"),
        "version": upload.details.get("version"),
        "file_size_bytes": upload.size_bytes,
    }


def confirmed_answer(confirmed: Confirmed) -> dict[str, Any]:
    """What a confirmation came to: the version, or the errors that stop it; every finding either way."""
    plugin = confirmed.plugin
    return {
        "success": confirmed.success,
        "plugin_id": plugin.plugin_id if plugin else None,
        "name": plugin.name if plugin else None,
        "version": plugin.version if plugin else None,
        "validation_status": "passed" if plugin else "failed",
        "validation_errors": errors_in(confirmed.findings),
        "findings": list(confirmed.findings),
        "deployment_status": DeploymentStatus.NOT_DEPLOYED,
        "feature_uri": (plugin.feature_uri or None) if plugin else None,
        "archive_sha256": plugin.archive if plugin else None,
        "message": "The version is published." if plugin else "Nothing was kept: mend the errors.",
    }


def errors_in(findings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The findings that stop a package."""
    return [finding for finding in findings if finding["severity"] == Severity.ERROR]


def plugin_answer(state: DeploymentState, **more: Any) -> dict[str, Any]:
    """A published version, and how far its deployment is."""
    plugin = state.plugin
    return {
        **_identity(plugin),
        "namespace_id": plugin.namespace_id,
        "description": plugin.description,
        "message": plugin.message,
        "author": plugin.author or None,
        "source": plugin.source,
        "isolation": plugin.level,
        "feature_uri": plugin.feature_uri or None,
        "realtime": plugin.has_realtime,
        "archive_sha256": plugin.archive,
        "file_size_bytes": plugin.size_bytes,
        "file_count": plugin.file_count,
        "validation_status": "passed",
        "findings": list(plugin.findings),
        "active": state.active,
        "deployed": state.status is DeploymentStatus.DEPLOYED,
        "deployment_status": state.status,
        "deployment_type": state.deployment_type,
        "deployed_at": state.deployed_at or None,
        "created_at": plugin.created_at or None,
        "updated_at": state.updated_at or plugin.created_at or None,
        **more,
    }


def state_answer(state: DeploymentState) -> dict[str, Any]:
    """How far a deployment is, with the reason where it failed."""
    return {
        "success": state.status is not DeploymentStatus.FAILED,
        **_identity(state.plugin),
        "status": state.status,
        "deployment_status": state.status,
        "deployment_type": state.deployment_type,
        "active": state.active,
        "deployed": state.status is DeploymentStatus.DEPLOYED,
        "error": state.error,
        "feature_uri": state.plugin.feature_uri or None,
        "endpoint_id": state.endpoint_id or None,
        "used_by": list(state.used_by),
        "deployed_at": state.deployed_at or None,
        "updated_at": state.updated_at or None,
    }


def activation_answer(activation: Activation) -> dict[str, Any]:
    """One move from a version to another."""
    return {
        "version": activation.version,
        "previous_version": activation.previous or None,
        "kind": activation.kind,
        "message": activation.message,
        "activated_at": activation.activated_at or None,
    }


def _identity(plugin: PublishedVersion) -> dict[str, Any]:
    return {
        "plugin_id": plugin.plugin_id,
        "name": plugin.name,
        "version": plugin.version,
        "feature_extractor_name": plugin.name,
        "feature_extractor_id": plugin.plugin_id,
    }
