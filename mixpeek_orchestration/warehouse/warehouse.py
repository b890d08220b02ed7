"""The warehouse: every service over one set of ports. Doors (HTTP, command line, Dagster) use nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.fernet import MultiFernet

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.index_plan import IndexPolicy
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import ExtractionJob, ExtractorRegistry, QueryEncoder, Runner
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.packages import PackageInspector
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.core.ports.serving import EndpointHost
from mixpeek_orchestration.core.ports.syncs import OpenSource
from mixpeek_orchestration.core.prices import Prices
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.core.retention import RetentionRules
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.retrieval.context import RetrievalContext
from mixpeek_orchestration.warehouse.access import Access
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.buckets import Buckets
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.comparisons import Comparisons
from mixpeek_orchestration.warehouse.contents import Contents
from mixpeek_orchestration.warehouse.declarations import Declarations
from mixpeek_orchestration.warehouse.discovery import Extractors
from mixpeek_orchestration.warehouse.downloads import Downloads
from mixpeek_orchestration.warehouse.drift import Drift
from mixpeek_orchestration.warehouse.endpoints import Endpoints
from mixpeek_orchestration.warehouse.erasure import Erasures, KeptAnswers
from mixpeek_orchestration.warehouse.estimates import Estimates
from mixpeek_orchestration.warehouse.explain import Explanations
from mixpeek_orchestration.warehouse.failures import Failures
from mixpeek_orchestration.warehouse.index_steward import IndexSteward
from mixpeek_orchestration.warehouse.inference import Inference
from mixpeek_orchestration.warehouse.lineage import Lineage
from mixpeek_orchestration.warehouse.materialize import Materializer
from mixpeek_orchestration.warehouse.migrations import Migrations
from mixpeek_orchestration.warehouse.models import Models
from mixpeek_orchestration.warehouse.objects import Objects
from mixpeek_orchestration.warehouse.pictures import Pictures
from mixpeek_orchestration.warehouse.planning import Planned, Planner
from mixpeek_orchestration.warehouse.plugin_uploads import PluginRules
from mixpeek_orchestration.warehouse.plugins import Plugins
from mixpeek_orchestration.warehouse.provider_models import ProviderModels, no_platform
from mixpeek_orchestration.warehouse.query_log import QueryLog
from mixpeek_orchestration.warehouse.removals import Removals
from mixpeek_orchestration.warehouse.reprocess import Reprocess
from mixpeek_orchestration.warehouse.retention import Retention
from mixpeek_orchestration.warehouse.retrievers import Retrievers
from mixpeek_orchestration.warehouse.runs import Runs
from mixpeek_orchestration.warehouse.samples import Samples
from mixpeek_orchestration.warehouse.schedules import Schedules
from mixpeek_orchestration.warehouse.secrets import Secrets
from mixpeek_orchestration.warehouse.snapshot import Snapshot
from mixpeek_orchestration.warehouse.spending import Spending
from mixpeek_orchestration.warehouse.syncs import SyncPolicy, Syncs, no_source
from mixpeek_orchestration.warehouse.till import open_till
from mixpeek_orchestration.warehouse.uploads import Uploads
from mixpeek_orchestration.warehouse.work import Progress


@dataclass(frozen=True)
class Parts:
    """What a warehouse is made of; chosen in one place, by `bootstrap`."""

    catalog: Catalog
    objects: ObjectStore
    documents: DocumentStore
    registry: ExtractorRegistry
    encoder: QueryEncoder
    choose_runner: Callable[[int], Runner]
    make_job: Callable[[Planned], ExtractionJob]
    endpoint_host: Callable[[], EndpointHost]
    is_answering: Callable[[Deployment], bool]
    publish: Callable[[Catalog], Snapshot]
    inspector: PackageInspector
    spool: Path
    secret_cipher: Callable[[], MultiFernet]
    model_store: ObjectStore
    model_folder: Path
    open_source: OpenSource = no_source
    index_policy: IndexPolicy = field(default_factory=IndexPolicy)
    retention_rules: RetentionRules = field(default_factory=RetentionRules)
    sync_policy: SyncPolicy = field(default_factory=SyncPolicy)
    plugin_rules: PluginRules = field(default_factory=PluginRules)
    open_platform: Callable[[str], Platform] = no_platform
    answers: KeptAnswers | None = None
    logged_queries: int = 0
    prices: Prices = field(default_factory=Prices)
    runner_for: Callable[[int], str] = lambda _: "in_process"


class Warehouse:
    """All services of one warehouse."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.catalog = parts.catalog
        self.documents = parts.documents
        self.registry = parts.registry
        self.access = Access(parts.catalog.resources)
        self.buckets = Buckets(parts.catalog)
        self.batches = Batches(
            parts.catalog,
            admit=lambda batch: self.spending.admit_batch(batch),
            call_off=lambda batch: self.spending.call_off(batch),
        )
        self.runs = Runs(parts.catalog.leases, ended=parts.catalog.reservations.release)
        self.extractors = Extractors(parts.catalog, parts.registry)
        self.downloads = Downloads(parts.catalog.resources)

    @cached_property
    def uploads(self) -> Uploads:
        return Uploads(self.catalog.uploads, self.parts.objects, lambda: self.objects)

    @cached_property
    def objects(self) -> Objects:
        return Objects(
            self.catalog.objects,
            self.parts.objects,
            uploaded=lambda bucket, upload_id: self.uploads.content(bucket, upload_id),
            removals=self.batches,
        )

    @cached_property
    def collections(self) -> Collections:
        return Collections(self.catalog, self.documents, self.registry)

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.catalog, self.documents)

    @cached_property
    def retrievers(self) -> Retrievers:
        return Retrievers(self.catalog, self.documents, self.parts.encoder, log=self.queries)

    @cached_property
    def declarations(self) -> Declarations:
        removals = Removals(self.buckets, self.collections, self.retrievers, self.objects)
        return Declarations(
            self.catalog.resources,
            self.buckets,
            self.collections,
            self.retrievers,
            removals,
            self.migrations,
        )

    @cached_property
    def samples(self) -> Samples:
        return Samples(self.documents, self.collections)

    @cached_property
    def pictures(self) -> Pictures:
        return Pictures(
            self.catalog, self.buckets, self.collections, plan=lambda collection: self.plan(collection).plan
        )

    @cached_property
    def endpoints(self) -> Endpoints:
        return Endpoints(
            self.catalog, self.registry, host=self.parts.endpoint_host, is_answering=self.parts.is_answering
        )

    @cached_property
    def inference(self) -> Inference:
        return Inference(self.registry, self.parts.encoder)

    @cached_property
    def provider_models(self) -> ProviderModels:
        return ProviderModels(self.parts.open_platform)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self.catalog.secrets, self.parts.secret_cipher)

    @cached_property
    def models(self) -> Models:
        return Models(self.catalog.models, self.parts.model_store, self.parts.model_folder)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self.catalog, self.parts.retention_rules)

    @cached_property
    def schedules(self) -> Schedules:
        return Schedules(self.catalog, self.batches, self.plan)

    @cached_property
    def syncs(self) -> Syncs:
        parts = self.parts
        return Syncs(self.catalog, self.batches, parts.objects, parts.open_source, parts.sync_policy)

    @cached_property
    def plugins(self) -> Plugins:
        return Plugins(
            self.catalog,
            self.parts.objects,
            self.endpoints,
            self.inference,
            inspector=self.parts.inspector,
            spool=self.parts.spool,
            rules=self.parts.plugin_rules,
        )

    @cached_property
    def contents(self) -> Contents:
        return Contents(self.catalog.erasures, self.parts.objects, self.documents.upkeep)

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(
            self.catalog,
            self.documents,
            self.contents,
            answers=self.parts.answers,
            after=lambda collection: self.drift.note(collection, indexes=True),
        )

    @cached_property
    def index_steward(self) -> IndexSteward:
        return IndexSteward(
            self.catalog,
            self.documents,
            policy=self.parts.index_policy,
            after=lambda collection: self.drift.note(collection, indexes=True),
        )

    @cached_property
    def drift(self) -> Drift:
        return Drift(self.catalog, self.documents, self._planner, self.batches)

    @cached_property
    def failed(self) -> Failures:
        return Failures(self.catalog, self.batches)

    @cached_property
    def migrations(self) -> Migrations:
        return Migrations(
            self.catalog,
            self.documents,
            self.collections,
            self._planner,
            is_answering=self.parts.is_answering,
            estimate=self.estimates.for_planned,
            admit=lambda planned, max_cost: self.spending.admit(
                self.estimates.of_planned(planned), max_cost=max_cost
            ),
        )

    @cached_property
    def queries(self) -> QueryLog:
        return QueryLog(self.catalog.queries, limit=self.parts.logged_queries)

    @cached_property
    def comparisons(self) -> Comparisons:
        context = RetrievalContext(self.catalog, self.documents, self.parts.encoder)
        return Comparisons(context, self.queries, self.parts.prices)

    @cached_property
    def _planner(self) -> Planner:
        return Planner(self.catalog, self.documents, self.collections)

    @cached_property
    def estimates(self) -> Estimates:
        return Estimates(
            self.catalog,
            self.documents,
            self.collections,
            self._planner,
            prices=self.parts.prices,
            runner_for=self.parts.runner_for,
        )

    @cached_property
    def spending(self) -> Spending:
        return Spending(self.catalog, self.estimates)

    @cached_property
    def explanations(self) -> Explanations:
        return Explanations(self.catalog, self.documents, self._planner, self.lineage)

    @cached_property
    def reprocess(self) -> Reprocess:
        return Reprocess(self.catalog, self.batches, self.estimates, self.spending)

    def plan(
        self,
        collection_id: str,
        batch_ids: Sequence[str] | None = None,
        *,
        selection: Selection | None = None,
    ) -> Planned:
        """What would run for these batches (for the whole source without them), and why; only what is selected, where
        something is."""
        return self._planner.plan(collection_id, batch_ids, selection=selection)

    def materialize(
        self,
        collection_id: str,
        batch_ids: Sequence[str] | None,
        *,
        run_id: str,
        progress: Progress = lambda _: None,
    ) -> dict[str, TierReport]:
        """The collection, up to date with these batches (its whole source without them); a report per batch."""
        with open_till(self.spending, self.estimates, self.runs, run_id) as till:
            materializer = Materializer(
                self.catalog,
                self.documents,
                self._planner,
                choose_runner=till.measured(self.parts.choose_runner),
                make_job=till.admitted(self.parts.make_job),
            )
            reports = materializer.run(collection_id, batch_ids, run_id=run_id, progress=progress)
        self.drift.note(self.collections.by_id(collection_id))
        return reports

    def infer(
        self, uri: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any], *, namespace_id: str = ""
    ) -> dict[str, Any]:
        """The raw answer of the endpoint behind a feature URI, as a namespace sees it."""
        return dict(self.inference.by_uri(namespace_id, uri, inputs, parameters).data)

    def failures(self, collection: Collection, *, open_only: bool = True, limit: int = 100) -> list[Failure]:
        """The failures of a collection, newest first."""
        return self.catalog.ledger.failures(collection.collection_id, open_only=open_only, limit=limit)

    def history(self, collection: Collection, *, limit: int = 20) -> list[TierReport]:
        """The reports of earlier runs, newest first."""
        return self.catalog.ledger.history(collection.collection_id, limit=limit)

    def namespace_id(self, identifier: str) -> str:
        """The id of a namespace; raises `NotFound`."""
        found = self.catalog.resources.namespace(identifier)
        if found is None:
            raise NotFound(f"There is no namespace {identifier!r}.", field="namespace", value=identifier)
        return found.namespace_id

    def ensure_namespace(self, identifier: str) -> str:
        """The id of a namespace, which is made when there is none of that name or id."""
        found = self.catalog.resources.namespace(identifier)
        return (found or self.access.create_namespace(identifier)).namespace_id

    def search(
        self, namespace: str, retriever: str, inputs: Mapping[str, Any], *, limit: int | None = None
    ) -> dict[str, Any]:
        """The wire answer of a retriever."""
        body = {"inputs": dict(inputs), **({"limit": limit} if limit else {})}
        return self.retrievers.execute(self.namespace_id(namespace), retriever, body).wire()

    def publish(self) -> Snapshot:
        """The newest snapshot, written for Dagster."""
        return self.parts.publish(self.catalog)

    def close(self) -> None:
        """Give back connections and threads."""
        if "queries" in self.__dict__:
            self.queries.close()
        self.parts.encoder.close()
        self.catalog.close()
