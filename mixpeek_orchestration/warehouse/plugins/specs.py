"""What people may say about published packages over HTTP, with the contract's field names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, Field, StringConstraints

from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.warehouse.specs import Spec

MAX_ARCHIVE_BYTES = 524_288_000
"""The documented 500 MB, as the client's models write it."""

PluginName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_\-]{0,63}$")]
SubmissionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{2,63}$")]
Message = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _a_version(text: str) -> str:
    canonical_version(text)
    return text


Version = Annotated[str, AfterValidator(_a_version), StringConstraints(max_length=32)]


class PluginUploadSpec(Spec):
    """An archive to announce. Without a version it becomes the next patch of the newest one."""

    name: PluginName
    version: Version | None = Field(
        default=None, description="v1, 1.2 or 1.2.3; the next patch when left out."
    )
    file_size_bytes: int | None = Field(default=None, ge=1, description="The most that will arrive.")
    description: Annotated[str, StringConstraints(max_length=1000)] = ""
    message: Message = Field(default="", description="What changed, for the log.")
    file_name: str | None = Field(default=None, validation_alias=AliasChoices("file_name", "filename"))
    content_type: str | None = None
    file_hash: Sha256 | None = Field(
        default=None, description="SHA-256 of the file; other bytes are refused."
    )
    presigned_url_expiration: int = Field(default=3600, ge=60, le=86_400)


class PluginConfirmSpec(Spec):
    """What the sender saw of the bytes that went out, and what changed."""

    etag: str | None = Field(default=None, description="As the PUT answered it.")
    file_size_bytes: int | None = None
    message: Message | None = None


class SubmissionUploadSpec(Spec):
    """A package to offer to everybody."""

    name: SubmissionName
    version: Version
    description: Annotated[str, StringConstraints(max_length=1000)] = ""
    file_size_bytes: int | None = Field(default=None, ge=1, le=MAX_ARCHIVE_BYTES)
    file_name: Annotated[str, StringConstraints(pattern=r"(?i)\.zip$")] | None = None


class SubmissionConfirmSpec(Spec):
    """What the sender saw of the bytes that went out."""

    etag: str | None = None
    file_size_bytes: int | None = None


class ReviewSpec(Spec):
    """What a reviewer decides about a submission."""

    decision: Literal["approve", "reject"]
    note: Message = ""


class RollbackSpec(Spec):
    """Which earlier version becomes active again, and why."""

    version: Version | None = Field(default=None, description="The one that was active before when left out.")
    message: Message = ""


class RealtimeTestSpec(Spec):
    """One inference with a deployed version."""

    inputs: dict[str, Any] = Field(min_length=1)
    parameters: dict[str, Any] | None = None
