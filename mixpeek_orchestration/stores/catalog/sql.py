"""The catalog in a SQL database."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.stores.catalog.batches import SqlBatches
from mixpeek_orchestration.stores.catalog.connections import SqlConnections
from mixpeek_orchestration.stores.catalog.database import BUSY_TIMEOUT_S, Database
from mixpeek_orchestration.stores.catalog.deployments import SqlDeployments
from mixpeek_orchestration.stores.catalog.erasures import SqlErasures
from mixpeek_orchestration.stores.catalog.failures import SqlFailures
from mixpeek_orchestration.stores.catalog.leases import SqlLeases
from mixpeek_orchestration.stores.catalog.ledger import SqlLedger
from mixpeek_orchestration.stores.catalog.marks import SqlMarks
from mixpeek_orchestration.stores.catalog.measurements import SqlMeasurements
from mixpeek_orchestration.stores.catalog.migration_rows import SqlMigrations, SqlQueries
from mixpeek_orchestration.stores.catalog.models import SqlModels
from mixpeek_orchestration.stores.catalog.objects import SqlObjects
from mixpeek_orchestration.stores.catalog.published import SqlPackages
from mixpeek_orchestration.stores.catalog.reservations import SqlReservations
from mixpeek_orchestration.stores.catalog.resources import SqlResources
from mixpeek_orchestration.stores.catalog.secrets import SqlSecrets
from mixpeek_orchestration.stores.catalog.syncs import SqlSyncs
from mixpeek_orchestration.stores.catalog.upgrade import upgrade
from mixpeek_orchestration.stores.catalog.uploads import SqlUploads


class SqlCatalog:
    """A `Catalog` on SQLite or PostgreSQL, safe for several threads and processes. A pickled one opens its own
    connections."""

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._arguments = (url, busy_timeout_s)
        self._database = Database(url, busy_timeout_s=busy_timeout_s)
        upgrade(self._database)
        self.resources = SqlResources(self._database)
        self.objects = SqlObjects(self._database)
        self.batches = SqlBatches(self._database)
        self.ledger = SqlLedger(self._database)
        self.failures = SqlFailures(self._database)
        self.marks = SqlMarks(self._database)
        self.leases = SqlLeases(self._database)
        self.erasures = SqlErasures(self._database)
        self.deployments = SqlDeployments(self._database)
        self.uploads = SqlUploads(self._database)
        self.packages = SqlPackages(self._database)
        self.secrets = SqlSecrets(self._database)
        self.models = SqlModels(self._database)
        self.migrations = SqlMigrations(self._database)
        self.queries = SqlQueries(self._database)
        self.syncs = SqlSyncs(self._database)
        self.connections = SqlConnections(self._database)
        self.measurements = SqlMeasurements(self._database)
        self.reservations = SqlReservations(self._database)

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    def __reduce__(self) -> tuple[Any, ...]:
        url, busy_timeout_s = self._arguments
        return _reopened, (url, busy_timeout_s)


def _reopened(url: str, busy_timeout_s: float) -> SqlCatalog:
    return SqlCatalog(url, busy_timeout_s=busy_timeout_s)
