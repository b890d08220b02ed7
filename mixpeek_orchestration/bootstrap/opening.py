"""Opening the warehouse that settings name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.bootstrap.platforms import kept_answers, platform_reference, secret_cipher
from mixpeek_orchestration.bootstrap.publishing import publish_snapshot
from mixpeek_orchestration.bootstrap.serving import endpoint_host, is_answering, ray_variables
from mixpeek_orchestration.settings import Settings

if TYPE_CHECKING:
    from mixpeek_orchestration.core.extractor import ExtractorDescription
    from mixpeek_orchestration.core.finding import Finding
    from mixpeek_orchestration.core.index_plan import IndexPolicy
    from mixpeek_orchestration.core.ports.catalog import Catalog
    from mixpeek_orchestration.core.ports.extraction import (
        ExtractionJob,
        ExtractorRegistry,
        QueryEncoder,
        Runner,
    )
    from mixpeek_orchestration.core.ports.packages import PackageInspector
    from mixpeek_orchestration.core.ports.syncs import SyncSource
    from mixpeek_orchestration.core.retention import RetentionRules
    from mixpeek_orchestration.extractors.registry import PackageRegistry
    from mixpeek_orchestration.warehouse.runs.planning import Planned
    from mixpeek_orchestration.warehouse.warehouse import Warehouse


def open_warehouse(
    settings: Settings | None = None, *, local: bool = False, catalog: Catalog | None = None
) -> Warehouse:
    """The warehouse that the settings name, over another catalog if one is given.

    With `local`, all work is done in this process: no Ray, and queries are encoded here.
    """
    settings = settings or Settings()
    from mixpeek_orchestration.core.spending.prices import Prices
    from mixpeek_orchestration.extractors.equipped import EquippedRegistry
    from mixpeek_orchestration.extractors.registry import PackageRegistry
    from mixpeek_orchestration.stores.catalog import open_catalog
    from mixpeek_orchestration.stores.documents import open_documents
    from mixpeek_orchestration.stores.objects import open_objects
    from mixpeek_orchestration.stores.sources import open_source
    from mixpeek_orchestration.warehouse.parts import Parts
    from mixpeek_orchestration.warehouse.plugins.uploads import PluginRules
    from mixpeek_orchestration.warehouse.syncs.syncs import SyncPolicy
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

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
        endpoint_host=lambda: endpoint_host(settings),
        is_answering=is_answering,
        publish=lambda source: publish_snapshot(source, registry, settings.snapshots),
        inspector=_inspector(settings, folders),
        spool=settings.spool,
        open_source=open_source,
        retention_rules=_retention(settings),
        index_policy=_index_policy(settings),
        sync_policy=SyncPolicy(settings.sync_allowed),
        secret_cipher=secret_cipher(settings),
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


def open_place(path: str) -> SyncSource:
    """The files below a folder or prefix, as a sync of it lists them."""
    from mixpeek_orchestration.stores.sources import open_source

    return open_source(path)


def open_scratch(settings: Settings) -> Warehouse:
    """A warehouse in memory to try declarations on, with what the home has declared where there is a home.

    Nothing is written to the home, and nothing needs to run.
    """
    from dataclasses import replace

    from mixpeek_orchestration.stores.catalog import open_catalog
    from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
    from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore
    from mixpeek_orchestration.warehouse.declarations.rehearsal import copy_definitions
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
    from mixpeek_orchestration.extractors.archives.cache import OPENER, PackageCache
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
    from mixpeek_orchestration.extractors.archives.inspection import PackageInspector
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

        return RayRunner(settings.ray_address, ray_variables(settings))

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
