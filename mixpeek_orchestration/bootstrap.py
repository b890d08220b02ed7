"""The only place that picks concrete stores, runners and encoders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.planning import Planned
from mixpeek_orchestration.warehouse.warehouse import Parts, Warehouse

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.catalog import Catalog, Deployment
    from mixpeek_orchestration.core.ports.extraction import (
        ExtractionJob,
        ExtractorRegistry,
        QueryEncoder,
        Runner,
    )
    from mixpeek_orchestration.core.ports.serving import EndpointHost
    from mixpeek_orchestration.engine.harness import Harness
    from mixpeek_orchestration.warehouse.snapshot import Snapshot

DEFAULT_NAMESPACE = "default"


def open_warehouse(settings: Settings | None = None, *, local: bool = False) -> Warehouse:
    """The warehouse that the settings name.

    With `local`, all work is done in this process: no Ray, and queries are encoded here.
    """
    settings = settings or Settings()
    from mixpeek_orchestration.extractors.registry import PackageRegistry
    from mixpeek_orchestration.stores.catalog import open_catalog
    from mixpeek_orchestration.stores.documents import open_documents
    from mixpeek_orchestration.stores.objects import open_objects

    catalog = open_catalog(settings.catalog)
    registry = PackageRegistry(settings.extractor_folders, settings.root / "extractors")
    parts = Parts(
        catalog=catalog,
        objects=open_objects({"url": settings.objects}),
        documents=open_documents(settings.documents),
        registry=registry,
        encoder=_encoder(catalog, registry, local=local),
        choose_runner=_runner_choice(settings, local=local),
        make_job=_job_maker(settings),
        endpoint_host=lambda: _endpoint_host(settings),
        is_answering=_is_answering,
        publish=lambda source: _publish(source, registry, settings),
    )
    return Warehouse(parts)


def prepare_home(settings: Settings) -> None:
    """The home with an upgraded catalog, the default namespace, and credentials (mode 0600) on the first call."""
    from mixpeek_orchestration.stores.catalog import upgrade_catalog

    settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade_catalog(settings.catalog)
    if settings.credentials.exists():
        return
    warehouse = open_warehouse(settings, local=True)
    try:
        warehouse.ensure_namespace(DEFAULT_NAMESPACE)
        secret, _ = warehouse.access.create_key()
    finally:
        warehouse.close()
    _write_private(
        settings.credentials,
        {
            "api_key": secret,
            "namespace": DEFAULT_NAMESPACE,
            "base_url": f"http://{settings.host}:{settings.api_port}",
        },
    )


def _write_private(path: Path, content: dict[str, str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)


def _encoder(catalog: Catalog, registry: ExtractorRegistry, *, local: bool) -> QueryEncoder:
    if local:
        from mixpeek_orchestration.serving.local_encoder import LocalEncoder

        return LocalEncoder(registry)
    from mixpeek_orchestration.serving.http_encoder import ServeEncoder

    return ServeEncoder(catalog.deployments)


def _runner_choice(settings: Settings, *, local: bool) -> Callable[[int], Runner]:
    def choose(items: int) -> Runner:
        from mixpeek_orchestration.engine.in_process import InProcessRunner

        if local or items <= settings.in_process_items or not settings.ray_address:
            return InProcessRunner()
        from mixpeek_orchestration.engine.ray_data import RayRunner

        return RayRunner(settings.ray_address, _ray_environment(settings))

    return choose


def _job_maker(settings: Settings) -> Callable[[Planned], ExtractionJob]:
    def make(planned: Planned) -> ExtractionJob:
        from mixpeek_orchestration.core.ports.extraction import ExtractionJob
        from mixpeek_orchestration.stores.objects import open_objects

        return ExtractionJob(
            recipe=planned.description.recipe,
            description=planned.description,
            collection_id=planned.collection.collection_id,
            object_store={"url": settings.objects},
            open_objects=open_objects,
        )

    return make


def _endpoint_host(settings: Settings) -> EndpointHost:
    from mixpeek_orchestration.engine.ray_cluster import connect
    from mixpeek_orchestration.serving.deploy import RayEndpointHost

    # A replica reserves no CPU: on two cores even a tenth would leave room for one extraction worker less.
    return RayEndpointHost(
        lambda: connect(settings.ray_address, _ray_environment(settings)),
        http_port=settings.serve_port,
        cpus_per_replica=0.0,
    )


def _ray_environment(settings: Settings) -> dict[str, str]:
    """The environment of the home's own cluster, with the token of another one where the caller has set it."""
    from mixpeek_orchestration.engine.ray_cluster import ray_environment

    given = {name: value for name, value in os.environ.items() if name.startswith("RAY_AUTH_")}
    return {**ray_environment(settings.root), **given}


def _is_answering(deployment: Deployment) -> bool:
    from mixpeek_orchestration.serving.http_encoder import is_answering

    return is_answering(deployment)


def _publish(catalog: Catalog, registry: ExtractorRegistry, settings: Settings) -> Snapshot:
    from mixpeek_orchestration.warehouse.snapshot import publish

    def version_with_endpoint(name: str, version: str) -> str | None:
        description = registry.describe(name, version)
        return description.version if description.has_realtime else None

    return publish(catalog, settings.snapshots, endpoint_version=version_with_endpoint)


def open_harness(root: Path) -> Harness:
    """Where packages are tested: with the runner and the store of content of production, all state below `root`."""
    from mixpeek_orchestration.engine.harness import Harness
    from mixpeek_orchestration.stores.objects import open_objects

    return Harness(root, open_objects)
