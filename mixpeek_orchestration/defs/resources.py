"""The one resource: the warehouse, opened when a body asks for it."""

# No `from __future__ import annotations` here: Dagster resolves the annotations of a resource itself.

import contextlib
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.warehouse import Warehouse


class WarehouseResource(dg.ConfigurableResource):
    """The warehouse that the settings describe. A run holds its lease from its first step to its last."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WarehouseResource"]:
        """The resource; in a run with the lease by which the reaper tells the living from the dead."""
        run = context.run
        with self.open().runs.hold(run.run_id) if run else contextlib.nullcontext():
            yield self

    def open(self) -> "Warehouse":
        """The warehouse; the same one for the life of the process."""
        return _warehouse()


@functools.cache
def _warehouse() -> "Warehouse":
    from mixpeek_orchestration.bootstrap import open_warehouse

    return open_warehouse()
