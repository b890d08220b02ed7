"""The Ray cluster of a home, and endpoints on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mixpeek_orchestration.settings import Settings

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.deployments import Deployment
    from mixpeek_orchestration.core.ports.serving import EndpointHost


def endpoint_host(settings: Settings) -> EndpointHost:
    from mixpeek_orchestration.engine.ray_cluster import connect
    from mixpeek_orchestration.serving.deploy import RayEndpointHost

    # A replica reserves no CPU: on two cores even a tenth would leave room for one extraction worker less.
    return RayEndpointHost(
        lambda: connect(settings.ray_address, ray_variables(settings)),
        http_port=settings.serve_port,
        cpus_per_replica=0.0,
    )


def ray_variables(settings: Settings) -> dict[str, str]:
    """The environment of the home's own cluster, with the token of another one where the caller has set it."""
    from mixpeek_orchestration.engine.ray_cluster import ray_environment

    given = {name: value for name, value in os.environ.items() if name.startswith("RAY_AUTH_")}
    return {**ray_environment(settings.root), **given}


def is_answering(deployment: Deployment) -> bool:
    from mixpeek_orchestration.serving.http_encoder import is_answering

    return is_answering(deployment)
