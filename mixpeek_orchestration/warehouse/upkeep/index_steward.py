"""The steward of indexes: keeps the tables of a collection fast and small, one process at a time, out of the way of runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mixpeek_orchestration.core.collection import Collection, Distance, Generation, VectorIndex
from mixpeek_orchestration.core.errors import LeaseHeld
from mixpeek_orchestration.core.index_plan import IndexPolicy, Step, plan_upkeep
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.upkeep import TableFacts, TableUpkeep
from mixpeek_orchestration.warehouse.leases import HeldLease, hold
from mixpeek_orchestration.warehouse.runs.generations import writer_lease

_OPEN = frozenset({"PENDING", "IN_PROGRESS"})
_MANY = 10_000
_QUERIES = 1_000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TableState:
    """One generation's table: what it is like now, and what is left to do to it."""

    generation: Generation
    active: bool
    facts: TableFacts
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Tended:
    """What came of tending a collection. `waits_for` says why nothing, or not all, was done; a later call goes on."""

    collection: Collection
    done: tuple[Step, ...] = ()
    waits_for: str = ""
    tables: tuple[TableState, ...] = ()

    @property
    def line(self) -> str:
        """What was done, as people read it."""
        told = "; ".join(step.line for step in self.done) or "nothing to do"
        return (
            f"{self.collection.name}: waits for {self.waits_for}"
            if self.waits_for
            else f"{self.collection.name}: {told}"
        )


class IndexSteward:
    """The upkeep of collections' tables."""

    def __init__(
        self,
        catalog: Catalog,
        documents: DocumentStore,
        *,
        policy: IndexPolicy | None = None,
        after: Callable[[Collection], None] = lambda _: None,
    ) -> None:
        self._catalog = catalog
        self._upkeep = documents.upkeep
        self._policy = policy or IndexPolicy()
        self._after = after

    def status(self, collection: Collection) -> list[TableState]:
        """The tables of a collection as they are, with what tending would do to each."""
        generations = self._catalog.resources.generations(collection.collection_id)
        states = (self._state(collection, generation) for generation in generations)
        return [state for state in states if state is not None]

    def tend(
        self, collection: Collection, *, wait_s: float = 0.0, progress: Progress = lambda _: None
    ) -> Tended:
        """The collection's tables, compacted, indexed and cleaned as far as they need it.

        It works only as the one writer of a table, and never between the commits of a batch: while one is open or
        another process writes, it leaves at once and says so. Before each step it looks again, so that a batch that
        arrives waits for one step at most.
        """
        waits_for = self._in_the_way(collection)
        if waits_for:
            return self._told(collection, (), waits_for)
        done: list[Step] = []
        for generation in self._catalog.resources.generations(collection.collection_id):
            try:
                with hold(self._catalog.leases, writer_lease(generation), wait_s=wait_s) as lease:
                    waits_for = waits_for or self._tend(collection, generation, lease, done, progress)
            except LeaseHeld:
                waits_for = waits_for or f"the process that writes to {generation.table}"
        if done:
            self._after(collection)
        return self._told(collection, done, waits_for)

    def _tend(
        self,
        collection: Collection,
        generation: Generation,
        lease: HeldLease,
        done: list[Step],
        progress: Progress,
    ) -> str:
        state = self._state(collection, generation)
        for step in self._steps(state, collection):
            waits_for = self._in_the_way(collection)
            if waits_for:
                return waits_for
            lease.check()
            if take(step, self._upkeep, generation.table, generation.vectors, policy=self._policy):
                progress(f"{collection.name}, {generation.table}: {step.line}")
                done.append(step)
        return ""

    def _steps(self, state: TableState | None, collection: Collection) -> Iterator[Step]:
        """What is to be done, and then the clean-up that follows from the versions which that has made."""
        if state is None:
            return
        yield from (step for step in state.steps if step.action != "clean")
        after = self._state(collection, state.generation)
        yield from (step for step in after.steps if step.action == "clean") if after else ()

    def _state(self, collection: Collection, generation: Generation) -> TableState | None:
        facts = self._upkeep.facts(generation.table)
        if facts is None:
            return None
        active = generation.generation_id == collection.active_generation
        searches = searches_per_day(self._catalog, collection) if active else 0.0
        steps = plan_upkeep(facts, generation.vectors, policy=self._policy, searches_per_day=searches)
        return TableState(generation, active, facts, tuple(steps))

    def _in_the_way(self, collection: Collection) -> str:
        """The batch that is writing to the collection, or is about to."""
        open_batches = self._catalog.batches.recent(statuses=_OPEN, limit=_MANY)
        writing = (b.batch_id for b in open_batches if collection.collection_id in b.collection_ids)
        first = next(writing, None)
        return f"batch {first}" if first else ""

    def _told(self, collection: Collection, done: Sequence[Step], waits_for: str) -> Tended:
        return Tended(collection, tuple(done), waits_for, tuple(self.status(collection)))


def searches_per_day(catalog: Catalog, collection: Collection) -> float:
    """How often a collection is searched, at the rate of the last logged queries; over an hour at least, so that a burst
    is not taken for a day."""
    retrievers = catalog.resources.retrievers(collection.namespace_id)
    reading = {r.retriever_id for r in retrievers if collection.collection_id in r.collection_ids}
    logged = catalog.queries.recent(collection.namespace_id, limit=_QUERIES) if reading else []
    asked = [query.asked_at for query in logged if query.retriever_id in reading]
    span_s = max(3600.0, time.time() - min(asked)) if asked else 1.0
    return len(asked) * 86400.0 / span_s


def take(
    step: Step, upkeep: TableUpkeep, table: str, vectors: Sequence[VectorIndex], *, policy: IndexPolicy
) -> bool:
    """Do one step to a table; `False` when there was nothing to it, because every version is too young to go."""
    match step.action:
        case "compact":
            upkeep.compact(table)
        case "build":
            metric: dict[str, Distance] = {vector.column: vector.distance for vector in vectors}
            distance = metric.get(step.column, "cosine")
            upkeep.build(table, step.index, column=step.column, kind=step.kind, distance=distance)
        case "extend":
            upkeep.extend(table, [step.index])
        case "retrain":
            upkeep.extend(table, [step.index], retrain=True)
        case "drop":
            upkeep.drop_index(table, step.index)
        case "clean":
            cleaned = upkeep.clean(table, keep_versions=policy.keep_versions, older_than_s=policy.keep_s)
            return cleaned.versions > 0
    return True
