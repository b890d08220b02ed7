"""Migrations of collections: fill a new generation beside the serving one, switch, roll back, drop.

The collection's pointer is the only thing that a switch moves. Every other step can be repeated, so that whoever comes
after a crash does the same again: `start` fills what is missing, `drop` and `abandon` finish what they began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection, ExtractorChoice, Generation
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import FeatureUri
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.migration import (
    Migration,
    Remaining,
    Stage,
    State,
    check_may_switch,
    is_same_extraction,
    paired_back,
    paired_features,
    unpaired,
)
from mixpeek_orchestration.core.ports.catalog import Catalog, Deployment
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.retrieval.answer import feature_dependencies
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.blast_radius import Affected, affected, roots_to_rerun
from mixpeek_orchestration.warehouse.collections import Collections, outputs_of
from mixpeek_orchestration.warehouse.filling import Filling, lacking
from mixpeek_orchestration.warehouse.generations import writer_lease
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.planning import Planner
from mixpeek_orchestration.warehouse.query_endpoints import endpoint_obstacle
from mixpeek_orchestration.warehouse.specs import ExtractorSpec

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
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._collections = collections
        self._planner = planner
        self._is_answering = is_answering
        self._filling = Filling(catalog, planner, Batches(catalog))

    def start(
        self,
        collection: Collection,
        asked: ExtractorSpec,
        *,
        sample: int = 0,
        index_map: Mapping[str, str] | None = None,
    ) -> Migration:
        """A migration to another extractor, version or parameters, with batches that fill its generation submitted.

        With `sample` only that many root objects are filled, to look at before the rest is paid for; starting the same
        again fills what is missing. Raises `InvalidInput` for what could not take over, and `Conflict` while the
        collection is being migrated to something else.
        """
        choice, description = self._collections.refilled(collection, asked)
        running = self._catalog.migrations.open(collection.collection_id)
        if running is None:
            running = self._begun(collection, choice, description, sample, index_map or {})
        else:
            target = self._generation(running.to_generation)
            if not is_same_extraction(target, choice.name, choice.version, choice.parameters):
                raise Conflict(
                    f"Collection {collection.name!r} is being migrated to {running.to_extractor} already.",
                    field="feature_extractor",
                    value=choice.id,
                    fix="Switch and drop that one, or abandon it, before another one starts.",
                )
        return self._filled(collection, running, sample)

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
        reruns = affected(self._catalog, self._planner, collection, to)
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

    def drop(self, collection: Collection) -> Migration:
        """The old generation is gone, with its table; raises `Conflict` while it answers."""
        migration = self.open(collection)
        return self._closed(migration, migration.from_generation, migration.to_generation, "dropped")

    def abandon(self, collection: Collection) -> Migration:
        """The new generation is gone, with its table; raises `Conflict` while it answers."""
        migration = self.open(collection)
        return self._closed(migration, migration.to_generation, migration.from_generation, "abandoned")

    def _begun(
        self,
        collection: Collection,
        choice: ExtractorChoice,
        description: ExtractorDescription,
        sample: int,
        index_map: Mapping[str, str],
    ) -> Migration:
        old = self._collections.generation(collection)
        if is_same_extraction(old, choice.name, choice.version, choice.parameters):
            raise InvalidInput(
                f"Collection {collection.name!r} is filled by {choice.id} with these parameters already.",
                field="feature_extractor",
                value=choice.id,
                fix="An edited working copy needs no migration: materialize the collection.",
            )
        uri = FeatureUri(choice.name, choice.version, "")
        paired = paired_features(old, description.vectors, index_map, new_uri=uri)
        self._check_retrievers(collection, old, paired)
        self._check_later_tiers(collection, choice, description)
        number = self._next_number(collection)
        new = Generation(
            generation_id=f"{collection.collection_id}_g{number}",
            collection_id=collection.collection_id,
            number=number,
            table=f"{collection.collection_id}_g{number}",
            extractor_name=choice.name,
            extractor_version=choice.version,
            parameters=choice.parameters,
            vectors=description.vectors,
            created_at=now(),
            input_mappings=choice.input_mappings,
            index_map=paired,
        )
        # Without a code of its own a definition leaves the one that is kept beside it.
        kept = replace(
            old,
            input_mappings=collection.extractor.input_mappings,
            index_map=paired_back(old, new),
            code_fp="",
        )
        return self._catalog.migrations.add(self._drafted(collection, choice, sample, number), [new, kept])

    def _drafted(
        self, collection: Collection, choice: ExtractorChoice, sample: int, number: int
    ) -> Migration:
        old = self._collections.generation(collection)
        return Migration(
            migration_id=random_id("mig"),
            namespace_id=collection.namespace_id,
            collection_id=collection.collection_id,
            from_generation=old.generation_id,
            to_generation=f"{collection.collection_id}_g{number}",
            from_extractor=f"{old.extractor_name}@{old.extractor_version}",
            to_extractor=f"{choice.name}@{choice.version}",
            sample=sample,
        )

    def _next_number(self, collection: Collection) -> int:
        """Higher than every number there ever was: the table of a dropped generation never comes back."""
        there = [g.number for g in self._catalog.resources.generations(collection.collection_id)]
        past = [m.to_generation.rpartition("_g")[2] for m in self.of(collection)]
        return max([*there, *map(int, past)], default=0) + 1

    def _check_retrievers(self, collection: Collection, old: Generation, paired: Mapping[str, str]) -> None:
        retrievers = self._catalog.resources.retrievers(collection.namespace_id)
        reading = [r for r in retrievers if collection.collection_id in r.collection_ids]
        lost = unpaired((str(uri) for r in reading for uri in feature_dependencies(r)), old, paired)
        if lost:
            raise InvalidInput(
                f"Retrievers search {lost[0]}, and nothing says which feature takes over.",
                field="index_map",
                value=lost,
                fix=f"Say it: index_map {{{lost[0]!r}: '<feature URI of the new extractor>'}}.",
            )

    def _check_later_tiers(
        self, collection: Collection, choice: ExtractorChoice, description: ExtractorDescription
    ) -> None:
        there = outputs_of(choice, description)
        for reader in self._catalog.resources.collections(collection.namespace_id):
            if collection.collection_id not in reader.source.ids:
                continue
            mapped = [path for paths in reader.extractor.input_mappings.values() for path in paths]
            carried = [p.source_path for p in reader.extractor.passthrough]
            read = (*mapped, *carried)
            gone = [p for p in read if p.split(".")[0] not in there and not p.startswith("metadata.")]
            if gone and not collection.extractor.include_all_source_fields:
                raise InvalidInput(
                    f"Collection {reader.name!r} reads {gone[0]!r}, which {choice.id} does not make.",
                    field="feature_extractor",
                    value=choice.id,
                    fix=f"It makes: {', '.join(there)}. Change what {reader.name!r} reads first.",
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
