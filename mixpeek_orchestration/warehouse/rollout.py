"""Moving the pointer of a name: only once the version it moves to answers, and for the newest request only."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.ports.packages import PackageCatalog
from mixpeek_orchestration.core.published import Activation, PackageDeployment, Pointer, PublishedVersion
from mixpeek_orchestration.warehouse.access import now


class Rollout:
    """Begins, finishes, fails and cancels the roll-out of a version."""

    def __init__(self, packages: PackageCatalog) -> None:
        self._packages = packages

    def begin(self, pointer: Pointer, deployment: PackageDeployment) -> None:
        """The version is wanted, and the target. What was on its way before is not wanted any more."""
        before = self._packages.pointer(pointer.namespace_id, pointer.name)
        kept = self._packages.deployment(deployment.namespace_id, deployment.name, deployment.version)
        at = kept.deployed_at if kept and kept.deployment_type == deployment.deployment_type else ""
        self._packages.put_deployment(replace(deployment, deployed_at=at))
        self._packages.set_target(pointer)
        if before is not None and before.target not in ("", before.active, pointer.target):
            self._packages.delete_deployment(before.namespace_id, before.name, before.target)

    def is_pending(self, namespace_id: str, name: str, version: str) -> bool:
        """Whether the version would become active if it answered."""
        pointer = self._packages.pointer(namespace_id, name)
        return pointer is not None and pointer.target == version

    def finish(self, namespace_id: str, name: str, version: str) -> None:
        """The version answers: it becomes active if it is the target, and what it replaces is not wanted any more."""
        asked = self._packages.deployment(namespace_id, name, version)
        if asked is not None and not asked.deployed_at:
            self._packages.put_deployment(replace(asked, deployed_at=now(), error=None))
        while (pointer := self._packages.pointer(namespace_id, name)) and pointer.target == version:
            move = Activation(
                namespace_id, name, version, pointer.active, pointer.kind, pointer.message, now()
            )
            if self._packages.activate(move, expected=pointer.active):
                self._replace_others(namespace_id, name, version)
                return

    def fail(self, namespace_id: str, name: str, version: str, reason: str) -> None:
        """The version cannot answer: it is given up with the reason, and what was active stays."""
        asked = self._packages.deployment(namespace_id, name, version)
        if asked is not None:
            self._packages.put_deployment(replace(asked, error=reason))
        pointer = self._packages.pointer(namespace_id, name)
        if pointer is not None and pointer.target == version:
            self._packages.set_target(replace(pointer, target="", message=""))

    def cancel(self, plugin: PublishedVersion) -> None:
        """The version is not on its way any more."""
        pointer = self._packages.pointer(plugin.namespace_id, plugin.name)
        if pointer is not None and pointer.target == plugin.version:
            self._packages.set_target(replace(pointer, target="", message=""))

    def _replace_others(self, namespace_id: str, name: str, version: str) -> None:
        for other in self._packages.deployments(namespace_id):
            if other.name == name and other.version != version:
                self._packages.delete_deployment(namespace_id, name, other.version)
