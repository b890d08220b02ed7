"""The one resource: the warehouse, opened when a body asks for it."""

# No `from __future__ import annotations` here: Dagster resolves the annotations of a resource itself.

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.warehouse import Warehouse


class WarehouseResource(dg.ConfigurableResource):
    """The warehouse. Inside a run it is opened once and holds the run's lease until the run has ended."""

    _opened: "Warehouse | None" = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WarehouseResource"]:
        """The resource, with the lease by which the reaper tells this run from a dead one."""
        with contextlib.ExitStack() as stack:
            if context.run_id:
                stack.enter_context(self.open().runs.hold(context.run_id))
            yield self

    def open(self) -> "Warehouse":
        """The warehouse that the settings describe."""
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> "Warehouse":
        from mixpeek_orchestration.bootstrap import open_warehouse

        return open_warehouse()
