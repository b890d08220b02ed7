"""The services of a warehouse, over its parts."""

from __future__ import annotations

from functools import cached_property

from mixpeek_orchestration.retrieval.context import RetrievalContext
from mixpeek_orchestration.warehouse.access import Access
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.buckets.buckets import Buckets
from mixpeek_orchestration.warehouse.buckets.objects import Objects
from mixpeek_orchestration.warehouse.buckets.uploads import Uploads
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.contents import Contents
from mixpeek_orchestration.warehouse.declarations.declarations import Declarations
from mixpeek_orchestration.warehouse.declarations.removals import Removals
from mixpeek_orchestration.warehouse.discovery import Extractors
from mixpeek_orchestration.warehouse.downloads import Downloads
from mixpeek_orchestration.warehouse.endpoints import Endpoints
from mixpeek_orchestration.warehouse.erasure import Erasures
from mixpeek_orchestration.warehouse.explain import Explanations
from mixpeek_orchestration.warehouse.failures import Failures
from mixpeek_orchestration.warehouse.inference import Inference
from mixpeek_orchestration.warehouse.lineage import Lineage
from mixpeek_orchestration.warehouse.migrations.comparisons import Comparisons
from mixpeek_orchestration.warehouse.migrations.migrations import Migrations
from mixpeek_orchestration.warehouse.migrations.query_log import QueryLog
from mixpeek_orchestration.warehouse.models.models import Models
from mixpeek_orchestration.warehouse.parts import Parts
from mixpeek_orchestration.warehouse.pictures import Pictures
from mixpeek_orchestration.warehouse.plugins.plugins import Plugins
from mixpeek_orchestration.warehouse.provider_models import ProviderModels
from mixpeek_orchestration.warehouse.reprocess import Reprocess
from mixpeek_orchestration.warehouse.retrievers import Retrievers
from mixpeek_orchestration.warehouse.runs.planning import Planner
from mixpeek_orchestration.warehouse.runs.runs import Runs
from mixpeek_orchestration.warehouse.samples import Samples
from mixpeek_orchestration.warehouse.schedules import Schedules
from mixpeek_orchestration.warehouse.secrets import Secrets
from mixpeek_orchestration.warehouse.spending.estimates import Estimates
from mixpeek_orchestration.warehouse.spending.spending import Spending
from mixpeek_orchestration.warehouse.syncs.connections import Connections
from mixpeek_orchestration.warehouse.syncs.syncs import Syncs
from mixpeek_orchestration.warehouse.upkeep.drift import Drift
from mixpeek_orchestration.warehouse.upkeep.index_steward import IndexSteward
from mixpeek_orchestration.warehouse.upkeep.retention import Retention


class Services:
    """The services of one warehouse, each made when it is first asked for."""

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
            self.catalog,
            self.buckets,
            self.collections,
            plan=lambda collection: self.planner.plan(collection).plan,
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
        return Schedules(self.catalog, self.batches, self.planner.plan)

    @cached_property
    def syncs(self) -> Syncs:
        parts = self.parts
        return Syncs(
            self.catalog, self.batches, parts.objects, parts.open_source, parts.sync_policy, self.connections
        )

    @cached_property
    def connections(self) -> Connections:
        secrets = Secrets(self.catalog.secrets, self.parts.secret_cipher, of_connections=True)
        return Connections(self.catalog, secrets, self.parts.open_source)

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
        return Drift(self.catalog, self.documents, self.planner, self.batches)

    @cached_property
    def failed(self) -> Failures:
        return Failures(self.catalog, self.batches)

    @cached_property
    def migrations(self) -> Migrations:
        return Migrations(
            self.catalog,
            self.documents,
            self.collections,
            self.planner,
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
    def planner(self) -> Planner:
        return Planner(self.catalog, self.documents, self.collections)

    @cached_property
    def estimates(self) -> Estimates:
        return Estimates(
            self.catalog,
            self.documents,
            self.collections,
            self.planner,
            prices=self.parts.prices,
            runner_for=self.parts.runner_for,
        )

    @cached_property
    def spending(self) -> Spending:
        return Spending(self.catalog, self.estimates)

    @cached_property
    def explanations(self) -> Explanations:
        return Explanations(self.catalog, self.documents, self.planner, self.lineage)

    @cached_property
    def reprocess(self) -> Reprocess:
        return Reprocess(self.catalog, self.batches, self.estimates, self.spending)
