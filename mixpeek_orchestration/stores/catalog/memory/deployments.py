"""Endpoints in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.published import scopes
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.definitions import second_endpoint
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded


class MemoryDeployments:
    """The `DeploymentCatalog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bodies: dict[str, str] = {}

    def put(self, deployment: Deployment) -> Deployment:
        """Insert or replace by id, stamped with the time; raises `Conflict` for a second endpoint of a version."""
        kept = replace(deployment, updated_at=now())
        with self._lock:
            other = self._owned(kept.extractor_name, kept.extractor_version, kept.namespace_id)
            if other is not None and other.endpoint_id != kept.endpoint_id:
                raise second_endpoint(kept, other.endpoint_id)
            self._bodies[kept.endpoint_id] = encoded(kept)
        return kept

    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment | None:
        """By extractor name and version in any spelling: the first one in the scopes of a namespace."""
        found = (self._owned(name, version, owner) for owner in scopes(namespace_id))
        return next((one for one in found if one is not None), None)

    def _owned(self, name: str, version: str, owner: str) -> Deployment | None:
        wanted = (name, canonical_version(version), owner)
        return next((one for one in self.all() if _served(one) == wanted), None)

    def all(self) -> list[Deployment]:
        """Oldest first."""
        with self._lock:
            return [decoded(Deployment, body) for body in self._bodies.values()]

    def delete(self, endpoint_id: str) -> bool:
        """Forget an endpoint; `False` when it was not known."""
        with self._lock:
            return self._bodies.pop(endpoint_id, None) is not None


def _served(deployment: Deployment) -> tuple[str, str, str]:
    version = canonical_version(deployment.extractor_version)
    return deployment.extractor_name, version, deployment.namespace_id
