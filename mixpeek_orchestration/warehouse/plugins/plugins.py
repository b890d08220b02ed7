"""Published packages of a namespace: from an uploaded archive to a version that answers queries, and back again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.packages import PackageInspector
from mixpeek_orchestration.core.published import (
    Activation,
    Announced,
    Confirmed,
    DeploymentState,
    PublishedVersion,
)
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.warehouse.endpoints import Endpoints
from mixpeek_orchestration.warehouse.inference import Inference
from mixpeek_orchestration.warehouse.plugins.arrivals import Arrivals
from mixpeek_orchestration.warehouse.plugins.deployments import PluginDeployments
from mixpeek_orchestration.warehouse.plugins.specs import (
    MAX_ARCHIVE_BYTES,
    PluginConfirmSpec,
    PluginUploadSpec,
)
from mixpeek_orchestration.warehouse.plugins.submissions import Submissions
from mixpeek_orchestration.warehouse.plugins.uploads import PluginRules, PluginUploads
from mixpeek_orchestration.warehouse.plugins.versions import Versions


class Plugins:
    """The published packages of the warehouse. `identifier` is `NAME`, `NAME@VERSION` or `name_1_0_0`."""

    def __init__(
        self,
        catalog: Catalog,
        store: ObjectStore,
        endpoints: Endpoints,
        inference: Inference,
        *,
        inspector: PackageInspector,
        spool: Path,
        rules: PluginRules,
    ) -> None:
        self._arrivals = Arrivals(catalog.uploads, spool, limit=MAX_ARCHIVE_BYTES)
        self._versions = Versions(catalog, store)
        self._uploads = PluginUploads(catalog, store, self._arrivals, inspector, rules=rules)
        self._deployments = PluginDeployments(catalog, self._versions, endpoints, inference)
        self.submissions = Submissions(
            catalog, store, self._arrivals, inspector, level=rules.submission_level
        )
        """What people offer to everybody: announce, confirm, all, get, review."""

    def announce(self, namespace_id: str, spec: PluginUploadSpec) -> Announced:
        """An announced upload, whose bytes go to `PUT /v1/uploads/{upload_id}?token=`.

        Raises `Conflict` for a name that is taken or over the quota, and `TooLarge`.
        """
        return self._uploads.announce(namespace_id, spec)

    def admitted(self, upload_id: str, token: str) -> Upload:
        """The upload (of a plugin or a submission) that a token lets bytes into; raises `Forbidden`, `NotFound`."""
        return self._arrivals.admitted(upload_id, token)

    def arrived_bytes(self, upload_id: str) -> int:
        """How much of a file has arrived: where a transfer that was cut off goes on."""
        return self._arrivals.size(upload_id)

    def receive(
        self, upload_id: str, token: str, data: bytes | Iterable[bytes], *, offset: int = 0, last: bool = True
    ) -> Upload:
        """Bytes of the archive, written to disk as they come, from `offset` on; 0 starts again.

        With `last` the file is complete: its size and hash are checked and kept. What was cut off goes on at
        `arrived_bytes`. Raises `Conflict` for another offset, `TooLarge` past the announced size or the limit.
        """
        return self._arrivals.receive(upload_id, token, data, offset=offset, last=last)

    def confirm(
        self,
        namespace_id: str,
        upload_id: str,
        spec: PluginConfirmSpec | None = None,
        *,
        author: str = "",
    ) -> Confirmed:
        """The published version, or every finding that stops it and nothing kept.

        Confirming again answers the same. Raises `NotFound`, `Conflict` when nothing has arrived or the version is
        published with other content, `InvalidInput` when other bytes have arrived than the sender saw go out.
        """
        return self._uploads.confirm(namespace_id, upload_id, spec or PluginConfirmSpec(), author=author)

    def all(self, namespace_id: str, *, name: str | None = None) -> list[PublishedVersion]:
        """Every published version, by name, the newest first."""
        return self._versions.all(namespace_id, name=name)

    def available(self, namespace_id: str) -> list[PublishedVersion]:
        """What a namespace may use: its own versions, and the shared ones."""
        return self._versions.available(namespace_id)

    def get(self, namespace_id: str, identifier: str) -> PublishedVersion:
        """One version: the named one, else the active one, else the newest; raises `NotFound`."""
        return self._versions.get(namespace_id, identifier)

    def versions(self, namespace_id: str, name: str) -> list[PublishedVersion]:
        """The versions of a name, newest first; raises `NotFound` when there is none."""
        return self._versions.of(namespace_id, name)

    def active(self, namespace_id: str, name: str) -> str:
        """The version that answers where none is named; raises `NotFound`."""
        return self._versions.active(namespace_id, name)

    def activations(self, namespace_id: str, name: str) -> list[Activation]:
        """When which version became active, newest first."""
        return self._versions.activations(namespace_id, name)

    def archive(self, namespace_id: str, identifier: str) -> bytes:
        """The archive of a version, a zip file in canonical form."""
        return self._versions.archive(namespace_id, identifier)

    def delete(self, namespace_id: str, identifier: str) -> PublishedVersion:
        """Forget a version; raises `Conflict` naming what uses it."""
        return self._versions.delete(namespace_id, identifier)

    def deploy(
        self, namespace_id: str, identifier: str, *, batch_only: bool = False, message: str = ""
    ) -> DeploymentState:
        """Ask for a version to be deployed and active. A name without a version means the newest one.

        What is active goes on answering until the new one does; `status` tells how far it is.
        """
        return self._deployments.deploy(namespace_id, identifier, batch_only=batch_only, message=message)

    def undeploy(self, namespace_id: str, identifier: str) -> DeploymentState:
        """Take a deployment back; raises `Conflict` naming the collections that search with its endpoint."""
        return self._deployments.undeploy(namespace_id, identifier)

    def status(self, namespace_id: str, identifier: str) -> DeploymentState:
        """How far a version is; raises `NotFound`."""
        return self._deployments.status(namespace_id, identifier)

    def states(self, namespace_id: str, *, name: str | None = None) -> list[DeploymentState]:
        """How far every published version is, by name, the newest version first."""
        return [self._deployments.state(one) for one in self._versions.all(namespace_id, name=name)]

    def rollback(
        self, namespace_id: str, name: str, version: str | None = None, *, message: str = ""
    ) -> DeploymentState:
        """Ask for an earlier version (the one before the active one when none is named) to be active again."""
        return self._deployments.rollback(namespace_id, name, version, message=message)

    def activate(self, namespace_id: str, identifier: str, *, message: str = "") -> DeploymentState:
        """Ask for a version to be active, deployed the way it was or is."""
        return self._deployments.activate(namespace_id, identifier, message=message)

    def realtime_test(
        self,
        namespace_id: str,
        identifier: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The answer of a version's endpoint; raises `NotReady` while it is not deployed."""
        return self._deployments.infer(namespace_id, identifier, inputs, parameters or {})
