"""The warehouse: every service over one set of ports. Doors (HTTP, command line, Dagster) use nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.warehouse.runs.materialize import Materializer
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.runs.stopping import Stop
from mixpeek_orchestration.warehouse.runs.work import Progress
from mixpeek_orchestration.warehouse.services import Services
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot
from mixpeek_orchestration.warehouse.spending.till import open_till


class Warehouse(Services):
    """All services of one warehouse, and what takes several of them."""

    def plan(
        self,
        collection_id: str,
        batch_ids: Sequence[str] | None = None,
        *,
        selection: Selection | None = None,
    ) -> Planned:
        """What would run for these batches (for the whole source without them), and why; only what is selected, where
        something is."""
        return self.planner.plan(collection_id, batch_ids, selection=selection)

    def materialize(
        self,
        collection_id: str,
        batch_ids: Sequence[str] | None,
        *,
        run_id: str,
        progress: Progress = lambda _: None,
        stop: Stop | None = None,
    ) -> dict[str, TierReport]:
        """The collection, up to date with these batches (its whole source without them); a report per batch. What
        `stop` ends early is accounted for as not run."""
        with open_till(self.spending, self.estimates, self.runs, run_id) as till:
            materializer = Materializer(
                self.catalog,
                self.documents,
                self.planner,
                choose_runner=till.measured(self.parts.choose_runner),
                make_job=till.admitted(self.parts.make_job),
            )
            reports = materializer.run(collection_id, batch_ids, run_id=run_id, progress=progress, stop=stop)
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
