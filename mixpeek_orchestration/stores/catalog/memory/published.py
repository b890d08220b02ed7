"""Published versions in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.published import (
    Activation,
    PackageDeployment,
    Pointer,
    PublishedVersion,
    Submission,
)
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.published_rules import in_order, moved, same_or_refused, targeted

T = TypeVar("T")


class MemoryPackages:
    """The `PackageCatalog` in memory. `count` is called when a deployment appears, changes or goes."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._lock = threading.RLock()
        self._versions: dict[tuple[str, str, str], str] = {}
        self._pointers: dict[tuple[str, str], str] = {}
        self._activations: list[str] = []
        self._deployments: dict[tuple[str, str, str], str] = {}
        self._descriptions: dict[tuple[str, str], dict[str, Any]] = {}
        self._submissions: dict[str, str] = {}

    def put_version(self, version: PublishedVersion) -> PublishedVersion:
        """Insert; the same archive again is the one that is there, another one raises `Conflict`."""
        key = (version.namespace_id, version.name, version.version)
        with self._lock:
            if key in self._versions:
                return same_or_refused(version, decoded(PublishedVersion, self._versions[key]))
            self._versions[key] = encoded(replace(version, created_at=version.created_at or now()))
            return decoded(PublishedVersion, self._versions[key])

    def version(self, namespace_id: str, name: str, version: str) -> PublishedVersion | None:
        return _read(PublishedVersion, self._versions.get((namespace_id, name, version)))

    def versions(self, namespace_id: str | None = None, name: str | None = None) -> list[PublishedVersion]:
        """By name, the newest version first."""
        with self._lock:
            bodies = list(self._versions.items())
        return in_order(
            [
                decoded(PublishedVersion, body)
                for (owner, named, _), body in bodies
                if namespace_id in (None, owner) and name in (None, named)
            ]
        )

    def delete_version(self, namespace_id: str, name: str, version: str) -> bool:
        """Forget a version and its deployment; the pointer of a name without versions is forgotten too."""
        with self._lock:
            self.delete_deployment(namespace_id, name, version)
            there = self._versions.pop((namespace_id, name, version), None) is not None
            if not self.versions(namespace_id, name):
                self._pointers.pop((namespace_id, name), None)
            return there

    def pointer(self, namespace_id: str, name: str) -> Pointer | None:
        return _read(Pointer, self._pointers.get((namespace_id, name)))

    def set_target(self, pointer: Pointer) -> Pointer:
        """Say what is being rolled out; `active` stays."""
        with self._lock:
            kept = targeted(pointer, self.pointer(pointer.namespace_id, pointer.name))
            self._pointers[pointer.namespace_id, pointer.name] = encoded(kept)
            return kept

    def activate(self, activation: Activation, *, expected: str) -> bool:
        """Move the pointer and log it; `False` when it was not at `expected`."""
        with self._lock:
            old = self.pointer(activation.namespace_id, activation.name)
            new = moved(activation, old, expected=expected)
            if new is None:
                return False
            self._pointers[activation.namespace_id, activation.name] = encoded(new)
            self._activations.append(
                encoded(replace(activation, activated_at=activation.activated_at or now()))
            )
            return True

    def activations(self, namespace_id: str, name: str, *, limit: int = 100) -> list[Activation]:
        """Newest first."""
        with self._lock:
            every = [decoded(Activation, body) for body in reversed(self._activations)]
        return [one for one in every if (one.namespace_id, one.name) == (namespace_id, name)][:limit]

    def put_deployment(self, deployment: PackageDeployment) -> PackageDeployment:
        """Insert or replace, and count the change if there is one."""
        key = (deployment.namespace_id, deployment.name, deployment.version)
        with self._lock:
            kept = encoded(replace(deployment, requested_at=deployment.requested_at or now()))
            if self._deployments.get(key) != kept:
                self._deployments[key] = kept
                self._count()
            return decoded(PackageDeployment, kept)

    def deployment(self, namespace_id: str, name: str, version: str) -> PackageDeployment | None:
        return _read(PackageDeployment, self._deployments.get((namespace_id, name, version)))

    def deployments(self, namespace_id: str | None = None) -> list[PackageDeployment]:
        """Oldest first."""
        with self._lock:
            every = [decoded(PackageDeployment, body) for body in self._deployments.values()]
        return [one for one in every if namespace_id in (None, one.namespace_id)]

    def delete_deployment(self, namespace_id: str, name: str, version: str) -> bool:
        """Forget one and count the change; `False` when it was not there."""
        with self._lock:
            if self._deployments.pop((namespace_id, name, version), None) is None:
                return False
            self._count()
            return True

    def keep_description(self, archive: str, parameters_fp: str, description: ExtractorDescription) -> None:
        self._descriptions[archive, parameters_fp] = description.as_dict()

    def description(self, archive: str, parameters_fp: str) -> ExtractorDescription | None:
        kept = self._descriptions.get((archive, parameters_fp))
        return None if kept is None else ExtractorDescription.from_dict(kept)

    def put_submission(self, submission: Submission) -> Submission:
        """Insert or replace by id."""
        self._submissions[submission.submission_id] = encoded(submission)
        return submission

    def submission(self, submission_id: str) -> Submission | None:
        return _read(Submission, self._submissions.get(submission_id))

    def submissions(self, namespace_id: str | None = None) -> list[Submission]:
        """Newest first."""
        with self._lock:
            every = [decoded(Submission, body) for body in reversed(self._submissions.values())]
        return [one for one in every if namespace_id in (None, one.namespace_id)]


def _read(kind: type[T], body: str | None) -> T | None:
    return None if body is None else decoded(kind, body)
