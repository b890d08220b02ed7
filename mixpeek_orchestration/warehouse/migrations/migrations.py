"""Migrations of collections: fill a new generation beside the serving one, switch, roll back, drop.

The collection's pointer is the only thing that a switch moves. Every other step can be repeated, so that whoever comes
after a crash does the same again: `start` fills what is missing, `drop` and `abandon` finish what they began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.collection import Collection, ExtractorChoice, Generation
from mixpeek_orchestration.core.errors import Conflict, NotFound
from mixpeek_orchestration.core.migration import (
    Migration,
    Remaining,
    Stage,
    State,
    check_may_switch,
    is_same_extraction,
    pointed_at,
)
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.migrations.blast_radius import (
    Affected,
    Estimate,
    affected,
    roots_to_rerun,
)
from mixpeek_orchestration.warehouse.migrations.draft import draft_of
from mixpeek_orchestration.warehouse.migrations.filling import Filling, lacking
from mixpeek_orchestration.warehouse.migrations.query_endpoints import endpoint_obstacle
from mixpeek_orchestration.warehouse.runs.generations import writer_lease
from mixpeek_orchestration.warehouse.runs.planning import Planned, Planner
from mixpeek_orchestration.warehouse.specs import CollectionSpec, ExtractorSpec

_WRITER_WAIT_S = 30.0


@dataclass(frozen=True)
class Standing:
    """How far a migration is. `remaining` is what the generation that does not answer lacks against the one that does;
    `obstacle` why queries cannot be encoded for it, `None` when they can."""

    migration: Migration
    state: State
    remaining: Remaining
    batches: tuple[Batch, ...]
    obstacle: str | None


@dataclass(frozen=True)
class SwitchPlan:
    """What a switch would do: who answers then, what each later tier would do again, and what is in the way."""

    standing: Standing
    to: Generation
    affected: tuple[Affected, ...]
    retrievers: tuple[str, ...]
    index_map: Mapping[str, str]


class Migrations:
    """The migrations of all collections."""

    def __init__(
        self,
        catalog: Catalog,
        documents: DocumentStore,
        collections: Collections,
        planner: Planner,
        *,
        is_answering: Callable[[Deployment], bool],
        estimate: Estimate = lambda _: (None, None),
        admit: Callable[[Planned, float | None], None] = lambda _planned, _max_cost: None,
    ) -> None:
        """`estimate` says what a plan will take, `admit` raises `OverBudget` for one that is too dear."""
        self._catalog = catalog
        self._documents = documents
        self._collections = collections
        self._planner = planner
        self._is_answering = is_answering
        self._estimate = estimate
        self._admit = admit
        self._filling = Filling(catalog, planner, Batches(catalog))

    def start(
        self,
        collection: Collection,
        asked: ExtractorSpec,
        *,
        sample: int = 0,
        index_map: Mapping[str, str] | None = None,
        max_cost: float | None = None,
    ) -> Migration:
        """A migration to another extractor, version or parameters, with batches that fill its generation submitted.

        With `sample` only that many root objects are filled, to look at before the rest is paid for; starting the same
        again fills what is missing. Raises `InvalidInput` for what could not take over, `Conflict` while the collection
        is being migrated to something else, and `OverBudget` before anything is written.
        """
        choice, description = self._collections.refilled(collection, asked)
        running = self._catalog.migrations.open(collection.collection_id)
        if running is None:
            old = self._collections.generation(collection)
            draft = draft_of(self._catalog, collection, old, choice, description, index_map or {})
            wanted = Selection(sample=sample)
            self._admit(
                self._planner.plan(collection.collection_id, selection=wanted, generation=draft.new), max_cost
            )
            running = self._catalog.migrations.add(draft.migration, [draft.new, draft.old])
        else:
            self._check_target(collection, running, choice)
        return self._filled(collection, running, sample)

    def is_under_way(self, collection: Collection, asked: ExtractorSpec) -> bool:
        """Whether the collection is being migrated to what is asked for."""
        running = self._catalog.migrations.open(collection.collection_id)
        target = running and self._catalog.resources.generation(running.to_generation)
        if not target:
            return False
        choice, _ = self._collections.refilled(collection, asked)
        return is_same_extraction(target, choice.name, choice.version, choice.parameters)

    def declared(self, collection: Collection, spec: CollectionSpec, *, managed_by: ManagedBy) -> Migration:
        """What a spec says of a collection beside its extractor, at once; and a migration to that extractor."""
        kept = collection.extractor
        as_before = spec.feature_extractor.model_copy(
            update={
                "feature_extractor_name": kept.name,
                "version": kept.version,
                "parameters": dict(kept.parameters),
                "input_mappings": {name: list(paths) for name, paths in kept.input_mappings.items()},
            }
        )
        rest = spec.model_copy(update={"feature_extractor": as_before})
        if self._collections.said(collection, rest) != collection:
            collection = self._collections.update(collection, rest, managed_by=managed_by)
        return self.start(collection, spec.feature_extractor)

    def resume(self, collection: Collection, *, sample: int = 0) -> Migration:
        """The open migration with batches submitted for what its generation lacks."""
        return self._filled(collection, self.open(collection), sample)

    def open(self, collection: Collection) -> Migration:
        """The open migration of a collection; raises `NotFound`."""
        found = self._catalog.migrations.open(collection.collection_id)
        if found is None:
            raise NotFound(
                f"Collection {collection.name!r} is not being migrated.",
                field="collection",
                value=collection.name,
                fix="Start with: mixpeek migrate start COLLECTION --extractor NAME@VERSION.",
            )
        return found

    def of(self, collection: Collection) -> list[Migration]:
        """Every migration of a collection, newest first."""
        return self._catalog.migrations.of(collection.collection_id)

    def status(self, collection: Collection) -> Standing:
        """How far the open migration of a collection is, or how its last one ended."""
        history = self.of(collection)
        if not history:
            self.open(collection)
        return self._standing(self._fresh(collection), history[0])

    def switch_plan(self, collection: Collection) -> SwitchPlan:
        """What would change if the generation that does not answer did."""
        standing = self._standing(collection, self.open(collection))
        to = self._other(collection, standing.migration)
        retrievers = [
            r.name
            for r in self._catalog.resources.retrievers(collection.namespace_id)
            if collection.collection_id in r.collection_ids
        ]
        reruns = affected(self._catalog, self._planner, collection, to, self._estimate)
        return SwitchPlan(standing, to, tuple(reruns), tuple(retrievers), to.index_map)

    def switch(
        self, collection: Collection, *, allow_failures: bool = False, rerun: bool = True
    ) -> Migration:
        """The new generation answers from now on. With `rerun` the later tiers process what depends on it again.

        Both tables are still while it looks and switches, so that nothing falls between the two. Raises `Conflict`
        saying what is in the way: items that are missing or failed, or an endpoint that is not up.
        """
        migration = self.open(collection)
        with ExitStack() as writers:
            for generation_id in (migration.from_generation, migration.to_generation):
                lease = writer_lease(self._generation(generation_id))
                writers.enter_context(hold(self._catalog.leases, lease, wait_s=_WRITER_WAIT_S))
            collection = self._fresh(collection)
            standing = self._standing(collection, migration)
            check_may_switch(
                migration,
                active=collection.active_generation,
                remaining=standing.remaining,
                endpoint=standing.obstacle,
                allow_failures=allow_failures,
            )
            return self._moved(collection, migration, migration.to_generation, rerun=rerun)

    def rollback(self, collection: Collection, *, rerun: bool = True) -> Migration:
        """The old generation answers again. Nothing stands in the way: it was kept up to date."""
        migration = self.open(collection)
        collection = self._fresh(collection)
        return self._moved(collection, migration, migration.from_generation, rerun=rerun)

    def point(self, collection: Collection, index_map: Mapping[str, str]) -> Migration:
        """A switch or a rollback, whichever makes the generation answer that an index map points at."""
        migration = self.open(collection)
        old, new = (self._generation(i) for i in (migration.from_generation, migration.to_generation))
        if pointed_at(index_map, old, new) is new:
            return self.switch(collection)
        return self.rollback(collection)

    def drop(self, collection: Collection) -> Migration:
        """The old generation is gone, with its table; raises `Conflict` while it answers."""
        migration = self.open(collection)
        return self._closed(migration, migration.from_generation, migration.to_generation, "dropped")

    def abandon(self, collection: Collection) -> Migration:
        """The new generation is gone, with its table; raises `Conflict` while it answers."""
        migration = self.open(collection)
        return self._closed(migration, migration.to_generation, migration.from_generation, "abandoned")

    def _check_target(self, collection: Collection, running: Migration, choice: ExtractorChoice) -> None:
        target = self._generation(running.to_generation)
        if not is_same_extraction(target, choice.name, choice.version, choice.parameters):
            raise Conflict(
                f"Collection {collection.name!r} is being migrated to {running.to_extractor} already.",
                field="feature_extractor",
                value=choice.id,
                fix="Switch and drop that one, or abandon it, before another one starts.",
            )

    def _filled(self, collection: Collection, migration: Migration, sample: int) -> Migration:
        generation = self._generation(migration.to_generation)
        batches = self._filling.submit(collection, generation, migration, sample=sample)
        added = tuple(batch.batch_id for batch in batches)
        changed = self._catalog.migrations.change(
            migration.migration_id,
            lambda m: replace(m, batch_ids=(*m.batch_ids, *added), sample=sample, error=None),
        )
        return changed or migration

    def _standing(self, collection: Collection, migration: Migration) -> Standing:
        state = migration.state(collection.active_generation)
        batches = [self._catalog.batches.get(batch_id) for batch_id in migration.batch_ids]
        told = tuple(batch for batch in batches if batch is not None)
        there = {g.generation_id: g for g in self._catalog.resources.generations(collection.collection_id)}
        other = there.get(_other_id(collection, migration))
        if not migration.is_open or other is None:
            return Standing(migration, state, Remaining(0, 0, 0, 0), told, None)
        remaining = lacking(self._planner, self._documents, there[collection.active_generation], other)
        obstacle = endpoint_obstacle(
            self._catalog,
            self._collections.description(collection.filled_by(other)),
            other,
            collection.namespace_id,
            is_answering=self._is_answering,
        )
        if state in ("filling", "ready"):
            migration = self._settled(migration, remaining)
            state = migration.state(collection.active_generation)
        return Standing(migration, state, remaining, told, obstacle)

    def _settled(self, migration: Migration, remaining: Remaining) -> Migration:
        """`ready` records what was found; a switch looks again."""
        stage: Stage = "ready" if remaining.is_done else "filling"
        changed = self._catalog.migrations.change(migration.migration_id, lambda m: replace(m, stage=stage))
        return changed or migration

    def _moved(self, collection: Collection, migration: Migration, to: str, *, rerun: bool) -> Migration:
        before = collection.active_generation
        target = self._generation(to)
        reruns = roots_to_rerun(self._catalog, self._planner, collection, target) if rerun else {}
        resources = self._catalog.resources
        if not resources.activate_generation(collection.collection_id, expected=before, new=to):
            raise Conflict(
                f"Another generation of {collection.name!r} was made active meanwhile.",
                field="active_generation",
                value=before,
                fix="Look at `mixpeek migrate status` and try again.",
            )
        switched_at = now() if to == migration.to_generation else None
        changed = self._catalog.migrations.change(
            migration.migration_id, lambda m: replace(m, switched_at=switched_at)
        )
        self._filling.rerun(collection, migration, reruns)
        return changed or migration

    def _closed(self, migration: Migration, gone: str, kept: str, stage: Stage) -> Migration:
        """First nobody works on it any more, then it ends; a second call finishes what a first one began."""
        resources = self._catalog.resources
        resources.delete_generation(gone)
        with hold(self._catalog.leases, f"write:{gone}", wait_s=_WRITER_WAIT_S):
            self._documents.drop(gone)
            self._catalog.marks.forget(gone)
        survivor = self._generation(kept)
        resources.put_generation(replace(survivor, input_mappings=None, code_fp=""))
        changed = self._catalog.migrations.change(
            migration.migration_id, lambda m: replace(m, stage=stage, error=None)
        )
        return changed or migration

    def _other(self, collection: Collection, migration: Migration) -> Generation:
        return self._generation(_other_id(collection, migration))

    def _generation(self, generation_id: str) -> Generation:
        found = self._catalog.resources.generation(generation_id)
        if found is None:
            raise Conflict(
                f"The generation {generation_id} is being removed.",
                field="generation",
                value=generation_id,
                fix="Finish it: `mixpeek migrate drop` after a switch, `mixpeek migrate abandon` before one.",
            )
        return found

    def _fresh(self, collection: Collection) -> Collection:
        return self._collections.by_id(collection.collection_id)


def _other_id(collection: Collection, migration: Migration) -> str:
    """The generation of a migration that does not answer."""
    active = collection.active_generation
    return migration.to_generation if active == migration.from_generation else migration.from_generation
