"""The port to the whole catalog, which is the sum of one port per concern."""

from __future__ import annotations

from typing import Protocol

from mixpeek_orchestration.core.ports.batches import BatchCatalog
from mixpeek_orchestration.core.ports.connections import ConnectionCatalog
from mixpeek_orchestration.core.ports.deployments import DeploymentCatalog
from mixpeek_orchestration.core.ports.erasures import ErasureCatalog
from mixpeek_orchestration.core.ports.failures import FailureCatalog
from mixpeek_orchestration.core.ports.leases import LeaseCatalog
from mixpeek_orchestration.core.ports.ledger import Ledger
from mixpeek_orchestration.core.ports.marks import MarkCatalog
from mixpeek_orchestration.core.ports.measurements import MeasurementCatalog
from mixpeek_orchestration.core.ports.migrations import MigrationCatalog, QueryCatalog
from mixpeek_orchestration.core.ports.models import ModelCatalog
from mixpeek_orchestration.core.ports.packages import PackageCatalog
from mixpeek_orchestration.core.ports.reservations import ReservationCatalog
from mixpeek_orchestration.core.ports.resources import ResourceCatalog
from mixpeek_orchestration.core.ports.secrets import SecretCatalog
from mixpeek_orchestration.core.ports.source_objects import ObjectCatalog
from mixpeek_orchestration.core.ports.syncs import SyncCatalog
from mixpeek_orchestration.core.ports.uploads import UploadCatalog


class Catalog(Protocol):
    """All of the catalog, by concern. Implementations are safe to use from several threads and processes."""

    resources: ResourceCatalog
    objects: ObjectCatalog
    batches: BatchCatalog
    ledger: Ledger
    failures: FailureCatalog
    marks: MarkCatalog
    leases: LeaseCatalog
    deployments: DeploymentCatalog
    uploads: UploadCatalog
    erasures: ErasureCatalog
    secrets: SecretCatalog
    models: ModelCatalog
    packages: PackageCatalog
    migrations: MigrationCatalog
    queries: QueryCatalog
    syncs: SyncCatalog
    connections: ConnectionCatalog
    measurements: MeasurementCatalog
    reservations: ReservationCatalog

    def close(self) -> None: ...
