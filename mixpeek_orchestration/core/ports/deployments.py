"""The port to the catalog's endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Deployment:
    """An endpoint: one extractor version that answers queries.

    `wanted_fp` is what should run, `running_fp` what does. `code_fps` maps the fingerprint of each parameter set
    in use to the batch `code_fp` of the package that is running. `namespace_id` is the namespace that a published
    version answers for, empty for a working copy, which answers for all of them.
    """

    endpoint_id: str
    extractor_name: str
    extractor_version: str
    status: str = "PENDING"
    wanted_fp: str = ""
    running_fp: str = ""
    url: str = ""
    code_fps: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    updated_at: str = ""
    namespace_id: str = ""


class DeploymentCatalog(Protocol):
    """Endpoints and their state."""

    def put(self, deployment: Deployment) -> Deployment: ...
    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment | None:
        """By extractor name and version in any spelling: the endpoint that answers in a namespace, which is the first
        one in its `core.published.scopes`."""

    def all(self) -> list[Deployment]: ...
    def delete(self, endpoint_id: str) -> bool: ...
