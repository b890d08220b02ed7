"""All concerns of the catalog in the memory of one process."""

from __future__ import annotations

import time
from collections.abc import Callable

from mixpeek_orchestration.stores.catalog.memory.batches import MemoryBatches
from mixpeek_orchestration.stores.catalog.memory.connections import MemoryConnections
from mixpeek_orchestration.stores.catalog.memory.deployments import MemoryDeployments
from mixpeek_orchestration.stores.catalog.memory.erasures import MemoryErasures
from mixpeek_orchestration.stores.catalog.memory.failures import MemoryFailures
from mixpeek_orchestration.stores.catalog.memory.leases import MemoryLeases
from mixpeek_orchestration.stores.catalog.memory.ledger import MemoryLedger
from mixpeek_orchestration.stores.catalog.memory.marks import MemoryMarks
from mixpeek_orchestration.stores.catalog.memory.measurements import MemoryMeasurements
from mixpeek_orchestration.stores.catalog.memory.migrations import MemoryMigrations, MemoryQueries
from mixpeek_orchestration.stores.catalog.memory.models import MemoryModels
from mixpeek_orchestration.stores.catalog.memory.objects import MemoryObjects
from mixpeek_orchestration.stores.catalog.memory.published import MemoryPackages
from mixpeek_orchestration.stores.catalog.memory.reservations import MemoryReservations
from mixpeek_orchestration.stores.catalog.memory.resources import MemoryResources
from mixpeek_orchestration.stores.catalog.memory.secrets import MemorySecrets
from mixpeek_orchestration.stores.catalog.memory.syncs import MemorySyncs
from mixpeek_orchestration.stores.catalog.memory.uploads import MemoryUploads


class MemoryCatalog:
    """A `Catalog` that is safe for several threads and ends with its process, so it cannot be pickled."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.objects = MemoryObjects()
        self.ledger = MemoryLedger()
        self.failures = MemoryFailures(self.ledger)
        self.marks = MemoryMarks()
        self.resources = MemoryResources(self.objects, self.ledger)
        self.batches = MemoryBatches()
        self.leases = MemoryLeases(clock)
        self.deployments = MemoryDeployments()
        self.uploads = MemoryUploads()
        self.secrets = MemorySecrets()
        self.models = MemoryModels()
        self.migrations = MemoryMigrations(self.resources.put_generation)
        self.queries = MemoryQueries()
        self.syncs = MemorySyncs()
        self.connections = MemoryConnections()
        self.measurements = MemoryMeasurements()
        self.reservations = MemoryReservations(clock)
        self.packages = MemoryPackages(self.resources.count_change)
        self.erasures = MemoryErasures(vars(self), self.objects)

    def close(self) -> None:
        """Nothing to give back."""
