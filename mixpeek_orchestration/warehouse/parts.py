"""What a warehouse is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import MultiFernet

from mixpeek_orchestration.core.index_plan import IndexPolicy
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import ExtractionJob, ExtractorRegistry, QueryEncoder, Runner
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.packages import PackageInspector
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.core.ports.serving import EndpointHost
from mixpeek_orchestration.core.ports.syncs import OpenSource
from mixpeek_orchestration.core.retention import RetentionRules
from mixpeek_orchestration.core.spending.prices import Prices
from mixpeek_orchestration.warehouse.erasure import KeptAnswers
from mixpeek_orchestration.warehouse.plugins.uploads import PluginRules
from mixpeek_orchestration.warehouse.provider_models import no_platform
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot
from mixpeek_orchestration.warehouse.syncs.syncs import SyncPolicy, no_source


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
