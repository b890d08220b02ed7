"""The ports to published packages: what the catalog keeps of them, and whoever looks into an archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.core.published import (
    Activation,
    PackageDeployment,
    Pointer,
    PublishedVersion,
    Submission,
)


class PackageCatalog(Protocol):
    """Published versions, their deployments, and which of them is active. Versions are canonical throughout."""

    def put_version(self, version: PublishedVersion) -> PublishedVersion:
        """Insert. The same archive under the same version again is the one that is there; another archive raises
        `Conflict`, because what was published never changes."""

    def version(self, namespace_id: str, name: str, version: str) -> PublishedVersion | None: ...

    def versions(self, namespace_id: str | None = None, name: str | None = None) -> list[PublishedVersion]:
        """By name, the newest version first; of all namespaces without one."""

    def delete_version(self, namespace_id: str, name: str, version: str) -> bool:
        """Forget a version and its deployment; the pointer of a name without versions is forgotten too."""

    def pointer(self, namespace_id: str, name: str) -> Pointer | None: ...

    def set_target(self, pointer: Pointer) -> Pointer:
        """Say which version is being rolled out, or (with an empty target) that none is; `active` stays."""

    def activate(self, activation: Activation, *, expected: str) -> bool:
        """Move the pointer from `expected` (empty: there was none) to the activation's version, clear the target if
        it was this version, and log the move, all at once; `False` when it was not at `expected`."""

    def activations(self, namespace_id: str, name: str, *, limit: int = 100) -> list[Activation]:
        """Newest first."""

    def put_deployment(self, deployment: PackageDeployment) -> PackageDeployment:
        """Insert or replace; raises the revision of the catalog when a deployment appears or changes its type."""

    def deployment(self, namespace_id: str, name: str, version: str) -> PackageDeployment | None: ...
    def deployments(self, namespace_id: str | None = None) -> list[PackageDeployment]:
        """Oldest first; of all namespaces without one."""

    def delete_deployment(self, namespace_id: str, name: str, version: str) -> bool: ...

    def keep_description(
        self, archive: str, parameters_fp: str, description: ExtractorDescription
    ) -> None: ...
    def description(self, archive: str, parameters_fp: str) -> ExtractorDescription | None: ...

    def put_submission(self, submission: Submission) -> Submission:
        """Insert or replace by id."""

    def submission(self, submission_id: str) -> Submission | None: ...
    def submissions(self, namespace_id: str | None = None) -> list[Submission]:
        """Newest first; of all namespaces without one."""


@dataclass(frozen=True)
class Inspection:
    """What was found in an archive. Without errors it has a description, and its canonical form as `content`."""

    findings: tuple[Finding, ...]
    description: ExtractorDescription | None = None
    archive: str = ""
    size_bytes: int = 0
    file_count: int = 0
    content: bytes = field(default=b"", repr=False)


class PackageInspector(Protocol):
    """Looks into archives that nobody trusts yet."""

    def inspect(self, archive: Path, *, namespace_id: str, level: str) -> Inspection:
        """Unpack, lint, describe and run a little, in the jail. Whatever is wrong is a finding, never an error."""

    def reserved(self, name: str, version: str | None) -> str | None:
        """Why a name (or this version of it) cannot be published; `None` when it can."""
