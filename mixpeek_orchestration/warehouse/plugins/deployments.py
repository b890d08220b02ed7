"""Deployments of published versions: asked for here, done by an endpoint's run, finished once it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mixpeek_orchestration.core.errors import Conflict, NotFound
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.published import (
    DeploymentState,
    DeploymentStatus,
    DeploymentType,
    PackageDeployment,
    Pointer,
    PublishedVersion,
)
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.endpoints import DEPLOYING, FAILED, PENDING, RUNNING, Endpoints
from mixpeek_orchestration.warehouse.inference import Inference
from mixpeek_orchestration.warehouse.plugins.versions import Versions
from mixpeek_orchestration.warehouse.rollout import Rollout

_STATUS: Final = {
    PENDING: DeploymentStatus.PENDING,
    DEPLOYING: DeploymentStatus.IN_PROGRESS,
    RUNNING: DeploymentStatus.DEPLOYED,
    # It failed for now: for good is what the package's own deployment says.
    FAILED: DeploymentStatus.PENDING,
}


class PluginDeployments:
    """Which published versions are deployed, and how far they are."""

    def __init__(
        self, catalog: Catalog, versions: Versions, endpoints: Endpoints, inference: Inference
    ) -> None:
        self._catalog = catalog
        self._packages = catalog.packages
        self._versions = versions
        self._endpoints = endpoints
        self._inference = inference
        self._rollout = Rollout(catalog.packages)

    def deploy(
        self, namespace_id: str, identifier: str, *, batch_only: bool, message: str
    ) -> DeploymentState:
        """Ask for a version to be deployed and active; what is active goes on answering until then."""
        plugin = self._versions.newest(namespace_id, identifier)
        kind: DeploymentType = "realtime" if plugin.has_realtime and not batch_only else "batch_only"
        return self._roll_out(plugin, kind, why="deploy", message=message)

    def rollback(self, namespace_id: str, name: str, version: str | None, *, message: str) -> DeploymentState:
        """Ask for an earlier version to be active again, deployed as the active one is."""
        plugin = self._versions.get(namespace_id, f"{name}@{version or self._previous(namespace_id, name)}")
        return self._switch(plugin, why="rollback", message=message)

    def activate(self, namespace_id: str, identifier: str, *, message: str) -> DeploymentState:
        """Ask for a version to be active, deployed as the active one is."""
        return self._switch(self._versions.newest(namespace_id, identifier), why="activate", message=message)

    def undeploy(self, namespace_id: str, identifier: str) -> DeploymentState:
        """Take a deployment back; its endpoint ends with the next round of the endpoint sensor."""
        plugin = self._versions.get(namespace_id, identifier)
        self._check_unused(plugin)
        self._rollout.cancel(plugin)
        self._packages.delete_deployment(namespace_id, plugin.name, plugin.version)
        return self.status(namespace_id, plugin.plugin_id)

    def status(self, namespace_id: str, identifier: str) -> DeploymentState:
        """How far a version is."""
        return self.state(self._versions.get(namespace_id, identifier))

    def state(self, plugin: PublishedVersion) -> DeploymentState:
        """How far a version is: what was asked for, and what its endpoint came to."""
        asked = self._packages.deployment(plugin.namespace_id, plugin.name, plugin.version)
        pointer = self._packages.pointer(plugin.namespace_id, plugin.name)
        users = tuple(c.name for c in self._versions.collections_of(plugin) if c.enabled)
        endpoint = self._endpoint(plugin)
        active = pointer is not None and pointer.active == plugin.version
        status = _status(plugin, asked, endpoint, has_users=bool(users))
        if (
            status is DeploymentStatus.DEPLOYED
            and not active
            and pointer
            and pointer.target == plugin.version
        ):
            # Its endpoint answers for a collection, but what was asked for, to be active, is not done.
            status = DeploymentStatus.IN_PROGRESS
        return DeploymentState(
            plugin=plugin,
            status=status,
            deployment_type=asked.deployment_type if asked else None,
            active=active,
            error=(asked.error if asked else None) or (endpoint.error if endpoint else None),
            endpoint_id=endpoint.endpoint_id if endpoint else "",
            url=endpoint.url if endpoint else "",
            deployed_at=asked.deployed_at if asked else "",
            updated_at=endpoint.updated_at if endpoint else (asked.requested_at if asked else ""),
            used_by=users,
        )

    def infer(
        self, namespace_id: str, identifier: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer of a version's own endpoint."""
        plugin = self._versions.get(namespace_id, identifier)
        answer = self._inference.by_name(namespace_id, f"{plugin.name}@{plugin.version}", inputs, parameters)
        return dict(answer.data)

    def _switch(self, plugin: PublishedVersion, *, why: str, message: str) -> DeploymentState:
        """Like the active version: where that one is not deployed at all, only the pointer moves."""
        asked = self._packages.deployment(plugin.namespace_id, plugin.name, plugin.version)
        active = self._versions.active(plugin.namespace_id, plugin.name)
        model = asked or self._packages.deployment(plugin.namespace_id, plugin.name, active)
        if model is None:
            pointer = _pointer(plugin, why, message)
            self._packages.set_target(pointer)
            self._rollout.finish(plugin.namespace_id, plugin.name, plugin.version)
            return self.state(plugin)
        kind: DeploymentType = model.deployment_type if plugin.has_realtime else "batch_only"
        return self._roll_out(plugin, kind, why=why, message=message)

    def _roll_out(
        self, plugin: PublishedVersion, kind: DeploymentType, *, why: str, message: str
    ) -> DeploymentState:
        self._rollout.begin(
            _pointer(plugin, why, message),
            PackageDeployment(plugin.namespace_id, plugin.name, plugin.version, kind, requested_at=now()),
        )
        if kind == "batch_only":
            self._rollout.finish(plugin.namespace_id, plugin.name, plugin.version)
        else:
            self._endpoints.activate_running(plugin)
        return self.state(plugin)

    def _previous(self, namespace_id: str, name: str) -> str:
        active = self._versions.active(namespace_id, name)
        there = {one.version for one in self._versions.of(namespace_id, name)}
        moves = self._packages.activations(namespace_id, name)
        for move in moves:
            if move.version == active and move.previous in there - {active}:
                return move.previous
        raise NotFound(
            f"{name} {active} is the first version that was active.",
            field="version",
            value=active,
            fix=f"Name the version: {', '.join(sorted(there))}.",
        )

    def _check_unused(self, plugin: PublishedVersion) -> None:
        users = [c.name for c in self._versions.collections_of(plugin) if c.enabled]
        asked = self._packages.deployment(plugin.namespace_id, plugin.name, plugin.version)
        if users and plugin.has_realtime and asked is not None and asked.deployment_type == "realtime":
            raise Conflict(
                f"The endpoint of {plugin.name} {plugin.spelling} answers for the collections {', '.join(users)}.",
                field="plugin_id",
                value=users,
                fix="Delete or disable those collections first.",
            )

    def _endpoint(self, plugin: PublishedVersion) -> Deployment | None:
        found = self._catalog.deployments.get(plugin.name, plugin.version, namespace_id=plugin.namespace_id)
        return found if found is not None and found.namespace_id == plugin.namespace_id else None


def _status(
    plugin: PublishedVersion, asked: PackageDeployment | None, endpoint: Deployment | None, *, has_users: bool
) -> DeploymentStatus:
    if asked is not None and asked.error is not None:
        return DeploymentStatus.FAILED
    if asked is not None and asked.deployment_type == "batch_only":
        return DeploymentStatus.DEPLOYED
    if asked is None and not (has_users and plugin.has_realtime):
        return DeploymentStatus.NOT_DEPLOYED
    return DeploymentStatus.QUEUED if endpoint is None else _STATUS[endpoint.status]


def _pointer(plugin: PublishedVersion, kind: str, message: str) -> Pointer:
    return Pointer(plugin.namespace_id, plugin.name, target=plugin.version, kind=kind, message=message)
