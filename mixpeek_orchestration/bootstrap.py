"""The only place that picks concrete stores, runners and encoders.

Workers import it too, to open a platform, so it imports nothing before it is needed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from mixpeek_orchestration.settings import Settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from mixpeek_orchestration.core.collection import Collection
    from mixpeek_orchestration.core.extractor import ExtractorDescription
    from mixpeek_orchestration.core.finding import Finding
    from mixpeek_orchestration.core.index_plan import IndexPolicy
    from mixpeek_orchestration.core.ports.catalog import Catalog, Deployment
    from mixpeek_orchestration.core.ports.extraction import (
        ExtractionJob,
        ExtractorRegistry,
        QueryEncoder,
        Runner,
    )
    from mixpeek_orchestration.core.ports.packages import PackageInspector
    from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, Platform, PlatformReference
    from mixpeek_orchestration.core.ports.serving import EndpointHost
    from mixpeek_orchestration.core.retention import RetentionRules
    from mixpeek_orchestration.engine.harness import Harness
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache
    from mixpeek_orchestration.extractors.registry import PackageRegistry
    from mixpeek_orchestration.warehouse.planning import Planned
    from mixpeek_orchestration.warehouse.platform import Services
    from mixpeek_orchestration.warehouse.snapshot import Snapshot
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

DEFAULT_NAMESPACE = "default"
_PLATFORM_SETTINGS = {
    "llm_base_urls",
    "llm_prices",
    "llm_options",
    "llm_timeout_s",
    "llm_retries",
    "llm_cache_days",
}


def open_warehouse(
    settings: Settings | None = None, *, local: bool = False, catalog: Catalog | None = None
) -> Warehouse:
    """The warehouse that the settings name, over another catalog if one is given.

    With `local`, all work is done in this process: no Ray, and queries are encoded here.
    """
    settings = settings or Settings()
    from mixpeek_orchestration.core.prices import Prices
    from mixpeek_orchestration.extractors.equipped import EquippedRegistry
    from mixpeek_orchestration.extractors.registry import PackageRegistry
    from mixpeek_orchestration.stores.catalog import open_catalog
    from mixpeek_orchestration.stores.documents import open_documents
    from mixpeek_orchestration.stores.objects import open_objects
    from mixpeek_orchestration.stores.sources import open_source
    from mixpeek_orchestration.warehouse.plugin_uploads import PluginRules
    from mixpeek_orchestration.warehouse.syncs import SyncPolicy
    from mixpeek_orchestration.warehouse.warehouse import Parts, Warehouse

    catalog = catalog or open_catalog(settings.catalog)
    folders = PackageRegistry(settings.extractor_folders, settings.root / "extractors")
    registry = EquippedRegistry(
        _registry(settings, catalog, folders), lambda namespace_id: platform_reference(settings, namespace_id)
    )
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
        inspector=_inspector(settings, folders),
        spool=settings.spool,
        open_source=open_source,
        retention_rules=_retention(settings),
        index_policy=_index_policy(settings),
        sync_policy=SyncPolicy(settings.sync_allowed),
        secret_cipher=_cipher(settings),
        model_store=open_objects({"url": settings.own_models}),
        model_folder=settings.root / "models",
        open_platform=lambda namespace_id: platform_reference(settings, namespace_id).open(),
        answers=kept_answers(settings),
        prices=Prices(settings.price_cpu_hour, settings.price_gpu_hour, settings.price_items),
        runner_for=lambda items: _runner_name(settings, items, local=local),
        logged_queries=settings.logged_queries,
        plugin_rules=PluginRules(settings.plugin_level, settings.submission_level, settings.plugin_quota),
    )
    return Warehouse(parts)


def open_scratch(settings: Settings) -> Warehouse:
    """A warehouse in memory to try declarations on, with what the home has declared where there is a home.

    Nothing is written to the home, and nothing needs to run.
    """
    from dataclasses import replace

    from mixpeek_orchestration.stores.catalog import open_catalog
    from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
    from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore
    from mixpeek_orchestration.warehouse.rehearsal import copy_definitions
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

    scratch: Any = MemoryCatalog()
    if settings.catalog_url or (settings.root / "catalog.db").exists():
        known = open_catalog(settings.catalog)
        copy_definitions(known.resources, scratch.resources)
        scratch.packages = known.packages
    warehouse = open_warehouse(settings, local=True, catalog=scratch)
    return Warehouse(replace(warehouse.parts, documents=MemoryDocumentStore()))


def _retention(settings: Settings) -> RetentionRules:
    from mixpeek_orchestration.core.retention import RetentionRules

    return RetentionRules(
        runs_days=settings.retain_runs_days,
        batches_days=settings.retain_batches_days,
        drafts_days=settings.retain_drafts_days,
        sync_jobs_days=settings.retain_sync_jobs_days,
    )


def _index_policy(settings: Settings) -> IndexPolicy:
    from mixpeek_orchestration.core.index_plan import IndexPolicy

    kept_s = settings.retain_versions_hours * 3600
    return IndexPolicy(keep_versions=settings.retain_versions, keep_s=kept_s)


def _registry(settings: Settings, catalog: Catalog, folders: PackageRegistry) -> ExtractorRegistry:
    from mixpeek_orchestration.extractors.package_cache import OPENER, PackageCache
    from mixpeek_orchestration.extractors.published import PublishedRegistry
    from mixpeek_orchestration.stores.objects import open_objects

    def isolation(namespace_id: str) -> str:
        namespace = catalog.resources.namespace(namespace_id) if namespace_id else None
        return namespace.isolation if namespace else ""

    store = {"url": settings.objects}
    return PublishedRegistry(
        folders,
        catalog.packages,
        PackageCache(settings.packages, lambda: open_objects(store)),
        model_cache=settings.root / "extractors",
        object_store={**store, OPENER: open_objects},
        isolation=isolation,
    )


def _inspector(settings: Settings, folders: PackageRegistry) -> PackageInspector:
    from mixpeek_orchestration.extractors.inspection import PackageInspector
    from mixpeek_orchestration.stores.objects import open_objects

    scratch = settings.root / "inspecting"

    def trial(description: ExtractorDescription) -> list[Finding]:
        from mixpeek_orchestration.engine.trial import try_out

        return try_out(description, scratch=scratch, open_objects=open_objects)

    return PackageInspector(
        folders,
        builtin=settings.extractor_folders[0],
        scratch=scratch,
        model_cache=settings.root / "extractors",
        trial=trial,
    )


def platform_reference(settings: Settings, namespace_id: str) -> PlatformReference:
    """How a worker opens the platform of a namespace; keys stay where they are."""
    from mixpeek_orchestration.core.ports.platform import PlatformReference

    config = settings.model_dump(include=_PLATFORM_SETTINGS, mode="json")
    located = {"home": str(settings.root), "catalog_url": _without_password(settings.catalog)}
    located["objects_url"] = settings.objects
    return PlatformReference(open_platform, {**config, **located, "namespace_id": namespace_id})


def open_platform(config: Mapping[str, Any]) -> Platform:
    """The platform that a `PlatformReference` names; one per process, so that its steps share clients. Nothing is opened
    before the first call that needs it."""
    return _platform(json.dumps(dict(config), sort_keys=True))


@cache
def _platform(config: str) -> Platform:
    from mixpeek_orchestration.core.ports.platform import PlatformReference
    from mixpeek_orchestration.extractors.local_tools import run_locally
    from mixpeek_orchestration.warehouse.platform import NamespacePlatform

    said: dict[str, Any] = json.loads(config)
    namespace_id = said["namespace_id"]
    # Keys do not travel: a worker takes them from its own environment, or from the home.
    settings = Settings(**{name: value for name, value in said.items() if name != "namespace_id"})
    own = Settings()
    if _without_password(own.catalog) == settings.catalog:
        settings = settings.model_copy(update={"catalog_url": own.catalog})
    return NamespacePlatform(
        namespace_id,
        services=lambda: _platform_services(settings, namespace_id),
        tool=run_locally,
        reference=PlatformReference(open_platform, said),
    )


def _without_password(url: str) -> str:
    """The URL as it may travel; whoever opens it has the password in a setting of its own."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}"))


def _platform_services(settings: Settings, namespace_id: str) -> Services:
    from mixpeek_orchestration.extractors.llm.client import LLMClient, LLMConfig
    from mixpeek_orchestration.stores.catalog import open_catalog
    from mixpeek_orchestration.stores.objects import open_objects
    from mixpeek_orchestration.warehouse.models import Models
    from mixpeek_orchestration.warehouse.platform import Services
    from mixpeek_orchestration.warehouse.secrets import Secrets

    catalog = open_catalog(settings.catalog)
    config = LLMConfig(
        base_urls=settings.llm_base_urls,
        prices=settings.llm_prices,
        options=settings.llm_options,
        timeout_s=settings.llm_timeout_s,
        retries=settings.llm_retries,
    )
    answers = kept_answers(settings)

    def generate(secret: Callable[[str], str | None]) -> Callable[[LLMRequest], LLMAnswer]:
        return LLMClient(config, answers, key=secret, namespace_id=namespace_id).generate

    return Services(
        secrets=Secrets(catalog.secrets, _cipher(settings)),
        models=Models(catalog.models, open_objects({"url": settings.own_models}), settings.root / "models"),
        objects=open_objects({"url": settings.objects}),
        generate=generate,
        keys={name: key.get_secret_value() for name, key in settings.llm_api_keys.items()},
    )


def kept_answers(settings: Settings) -> ResponseCache:
    """The answers of LLMs that this home keeps. They hold content: who erases content prunes them."""
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache

    return ResponseCache(settings.root / "llm_answers", max_age_days=settings.llm_cache_days)


def _cipher(settings: Settings) -> Callable[[], MultiFernet]:
    from mixpeek_orchestration.warehouse.secret_keys import cipher

    return cipher(settings.secret_key.get_secret_value(), settings.root / "secret.key")


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


def _runner_name(settings: Settings, items: int, *, local: bool) -> str:
    """Which runner so many items run on, by the name that it measures under."""
    here = local or items <= settings.in_process_items or not settings.ray_address
    return "in_process" if here else "ray"


def _runner_choice(settings: Settings, *, local: bool) -> Callable[[int], Runner]:
    def choose(items: int) -> Runner:
        from mixpeek_orchestration.engine.in_process import InProcessRunner

        if _runner_name(settings, items, local=local) == InProcessRunner.name:
            return InProcessRunner()
        from mixpeek_orchestration.engine.ray_data import RayRunner

        return RayRunner(settings.ray_address, _ray_environment(settings))

    return choose


def _job_maker(settings: Settings) -> Callable[[Planned], ExtractionJob]:
    def make(planned: Planned) -> ExtractionJob:
        from mixpeek_orchestration.core.ports.extraction import ExtractionJob
        from mixpeek_orchestration.core.transience import Patience
        from mixpeek_orchestration.stores.objects import open_objects

        return ExtractionJob(
            recipe=planned.description.recipe,
            description=planned.description,
            collection_id=planned.collection.collection_id,
            object_store={"url": settings.objects},
            open_objects=open_objects,
            patience=Patience(
                settings.transient_attempts, settings.transient_wait_s, settings.transient_longest_wait_s
            ),
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
    from mixpeek_orchestration.core.collection_profile import Profile, profile_of
    from mixpeek_orchestration.core.published import endpoint_owner
    from mixpeek_orchestration.warehouse.snapshot_taking import publish

    def endpoint_of(namespace_id: str, name: str, version: str) -> tuple[str, str] | None:
        description = registry.describe(name, version, namespace_id=namespace_id)
        if not description.has_realtime:
            return None
        return description.version, endpoint_owner(description.namespace_id, namespace_id)

    def profile(collection: Collection) -> Profile:
        choice, namespace_id = collection.extractor, collection.namespace_id
        return profile_of(
            registry.describe(choice.name, choice.version, choice.parameters, namespace_id=namespace_id)
        )

    return publish(catalog, settings.snapshots, endpoint_of=endpoint_of, profile_of=profile)


def open_harness(root: Path) -> Harness:
    """Where packages are tested: with the runner and the store of content of production, all state below `root`."""
    from mixpeek_orchestration.core.ports.platform import PlatformReference
    from mixpeek_orchestration.engine.harness import Harness
    from mixpeek_orchestration.stores.objects import open_objects

    return Harness(root, open_objects, PlatformReference(open_rehearsal, {"root": str(root)}))


def open_rehearsal(config: Mapping[str, Any]) -> Platform:
    """What steps may ask for while their package is tested; `root` is the folder of the test."""
    from mixpeek_orchestration.core.ports.platform import PlatformReference
    from mixpeek_orchestration.extractors.testing.rehearsal import RehearsalPlatform
    from mixpeek_orchestration.stores.objects import open_objects

    settings, root = Settings(), Path(config["root"])
    llm = {
        "base_urls": settings.llm_base_urls,
        "prices": settings.llm_prices,
        "options": settings.llm_options,
        "timeout_s": settings.llm_timeout_s,
        "retries": settings.llm_retries,
    }
    objects = open_objects({"url": str(root / "objects")})
    return RehearsalPlatform(PlatformReference(open_rehearsal, config), objects, llm=llm, cache=root / "llm")
