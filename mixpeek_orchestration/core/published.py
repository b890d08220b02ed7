"""Published versions of extractor packages: archives that never change, which one is active, and what is deployed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

import mixpeek_orchestration
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.fingerprint import fields_fp
from mixpeek_orchestration.core.upload import Upload

SYSTEM: Final = "system"
"""The namespace whose packages every other one may use. It is no tenant: nothing else lives in it."""

LEVELS: Final = ("trusted", "reviewed", "untrusted")
"""How far a package is trusted, the strictest last."""

_PLUGIN_ID: Final = re.compile(r"^(?P<name>.+)_(?P<version>\d+_\d+_\d+)$")

DeploymentType = Literal["realtime", "batch_only"]


class DeploymentStatus(StrEnum):
    """How far a deployment is, in the contract's words."""

    NOT_DEPLOYED = "not_deployed"
    QUEUED = "queued"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DEPLOYED = "deployed"
    FAILED = "failed"


class SubmissionStatus(StrEnum):
    """Where a submission is on its way to the shared namespace."""

    PENDING_UPLOAD = "pending_upload"
    PENDING_REVIEW = "pending_review"
    SCAN_FAILED = "scan_failed"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class PublishedVersion:
    """One archive under one version of one name in one namespace; nothing of it changes after it was published.

    `version` is canonical (`1.0.0`), `spelling` is how the package writes it, which is how answers write it too.
    `archive` is the SHA-256 of the archive in its canonical form: its address in the object store. `findings` are
    the warnings and notes that it was published with, as JSON shows them.
    """

    namespace_id: str
    name: str
    version: str
    spelling: str
    archive: str
    message: str = ""
    author: str = ""
    description: str = ""
    size_bytes: int = 0
    file_count: int = 0
    level: str = "reviewed"
    source: str = "custom"
    findings: tuple[Mapping[str, Any], ...] = ()
    feature_uri: str = ""
    has_realtime: bool = False
    created_at: str = ""

    @property
    def plugin_id(self) -> str:
        """`my_extractor_1_0_0`."""
        return plugin_id(self.name, self.version)


@dataclass(frozen=True)
class PackageDeployment:
    """That a version is to be deployed. It is there from the request until it is taken back or replaced.

    `error` says why the last try to warm it up failed for good; then nothing is wanted of it any more.
    """

    namespace_id: str
    name: str
    version: str
    deployment_type: DeploymentType = "realtime"
    error: str | None = None
    requested_at: str = ""
    deployed_at: str = ""


@dataclass(frozen=True)
class Pointer:
    """Which version of a name answers where none is named, and which one is about to.

    `target` is empty unless a version is being rolled out; `message` and `kind` say why it is.
    """

    namespace_id: str
    name: str
    active: str = ""
    target: str = ""
    kind: str = "deploy"
    message: str = ""


@dataclass(frozen=True)
class Activation:
    """One move of the pointer: when which version became active, why, and which one it replaced."""

    namespace_id: str
    name: str
    version: str
    previous: str = ""
    kind: str = "deploy"
    message: str = ""
    activated_at: str = ""


@dataclass(frozen=True)
class DeploymentState:
    """The answer to "is it deployed?": the status, the reason where it failed, and who uses it."""

    plugin: PublishedVersion
    status: DeploymentStatus
    deployment_type: DeploymentType | None = None
    active: bool = False
    error: str | None = None
    endpoint_id: str = ""
    url: str = ""
    deployed_at: str = ""
    updated_at: str = ""
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """A package that somebody offers to everybody. Its id is also the id of its upload."""

    submission_id: str
    namespace_id: str
    name: str
    version: str
    description: str = ""
    status: SubmissionStatus = SubmissionStatus.PENDING_UPLOAD
    visibility: str = "private"
    archive: str = ""
    spelling: str = ""
    size_bytes: int = 0
    file_count: int = 0
    has_realtime: bool = False
    feature_uri: str = ""
    findings: tuple[Mapping[str, Any], ...] = ()
    manifest_valid: bool | None = None
    security_scan_passed: bool | None = None
    note: str = ""
    reviewed_by: str = ""
    submitted_at: str = ""
    reviewed_at: str = ""


@dataclass(frozen=True)
class Announced:
    """An upload with the token that lets its bytes in; the token is told only here."""

    upload: Upload
    token: str


@dataclass(frozen=True)
class Confirmed:
    """What came of a confirmation: the published version, or the findings that stopped it (and warnings either way)."""

    plugin: PublishedVersion | None
    findings: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)

    @property
    def success(self) -> bool:
        return self.plugin is not None


def plugin_id(name: str, version: str) -> str:
    """The id of a version: `my_extractor_1_0_0`."""
    return f"{name}_{canonical_version(version).replace('.', '_')}"


def named_version(identifier: str) -> tuple[str, str | None]:
    """Name and canonical version of `NAME`, `NAME@VERSION` or `name_1_0_0`; no version means the active one."""
    name, at, version = identifier.partition("@")
    if at:
        return name, canonical_version(version)
    match = _PLUGIN_ID.match(identifier)
    if match is not None:
        return match["name"], match["version"].replace("_", ".")
    return identifier, None


def check_name(name: str) -> str:
    """The name of a package; raises `InvalidInput` for one that could be taken for the id of a version."""
    if _PLUGIN_ID.match(name):
        raise InvalidInput(
            f"{name!r} reads like the id of a version.",
            field="name",
            value=name,
            fix="Take a name that does not end in three numbers.",
        )
    return name


def version_order(version: str) -> tuple[int, ...]:
    """What versions are sorted by."""
    return tuple(int(part) for part in canonical_version(version).split("."))


def next_patch(version: str) -> str:
    """`1.2.3` becomes `1.2.4`."""
    major, minor, patch = version_order(version)
    return f"{major}.{minor}.{patch + 1}"


def endpoint_owner(package_owner: str, namespace_id: str) -> str:
    """Whose endpoint answers: a working copy's is everybody's; a published package runs apart for every namespace that
    uses it, a shared one too, because it may ask for that namespace's secrets."""
    return namespace_id if package_owner else ""


def stricter(*levels: str) -> str:
    """The strictest of some levels, empty ones aside."""
    return max((level for level in levels if level), key=LEVELS.index)


def scopes(namespace_id: str) -> tuple[str, ...]:
    """Where a namespace looks for an extractor, in order: working copies (`""`), its own versions, the shared ones."""
    return tuple(dict.fromkeys(("", namespace_id, SYSTEM))) if namespace_id else ("",)


def description_key(parameters: Mapping[str, Any]) -> str:
    """What the description of a package with these parameters is kept under, beside its archive. Another version of
    this software may describe the same package otherwise, so it makes its own."""
    return fields_fp({"parameters": dict(parameters), "described_by": mixpeek_orchestration.__version__})
