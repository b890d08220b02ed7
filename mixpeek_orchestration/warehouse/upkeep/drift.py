"""Drift of collections' tables: found by comparing them with what we left, and healed as the one writer of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.drift import Cure, Difference, Mark, Observed, cure, differences, is_replaced
from mixpeek_orchestration.core.losses import contradicted, lost_roots, moved_roots
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore, Stamp
from mixpeek_orchestration.core.replay import path_below
from mixpeek_orchestration.core.tiers import root_buckets
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.runs.generations import writer_lease
from mixpeek_orchestration.warehouse.runs.planning import Planner

TRIGGER = "drift"
_WAIT_S = 60.0
_MOST_BATCHES = 25_000
_ROUNDS = 3
"""A restored version can lack files too, and then fragments of it are pruned."""


@dataclass(frozen=True)
class TableDrift:
    """What differs in one generation of a collection, and what would be done about it."""

    collection: Collection
    generation_id: str
    table: str
    differences: tuple[Difference, ...]
    cure: Cure

    @property
    def is_active(self) -> bool:
        return self.generation_id == self.collection.active_generation

    @property
    def lines(self) -> list[str]:
        """One sentence per difference."""
        return [difference.said for difference in self.differences]


@dataclass(frozen=True)
class Healed:
    """What was done to the tables of a collection, and the batches that extract what they lack now."""

    collection: Collection
    done: tuple[tuple[str, Cure], ...] = ()
    batches: tuple[Batch, ...] = ()
    left: tuple[TableDrift, ...] = ()


class Drift:
    """Whether the tables are as we left them."""

    def __init__(
        self, catalog: Catalog, documents: DocumentStore, planner: Planner, batches: Batches
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._planner = planner
        self._batches = batches

    def check(self, collection: Collection) -> list[TableDrift]:
        """The generations of a collection that differ from what we left; reads versions and files, never rows."""
        found = [*_without_generation(collection, self._generations(collection))]
        for generation in self._generations(collection):
            mark, seen = self._seen(generation)
            told = differences(mark, seen)
            if told:
                found.append(
                    TableDrift(collection, generation.generation_id, generation.table, told, cure(mark, seen))
                )
        return found

    def check_all(self, namespace_id: str | None = None) -> list[TableDrift]:
        """The same for every collection of a namespace, or of all."""
        every = self._catalog.resources.collections(namespace_id)
        return [drifted for collection in every for drifted in self.check(collection)]

    def note(self, collection: Collection, *, indexes: bool = False) -> None:
        """The tables of a collection are marked as they are now, as far as all that happened to them was our work.

        With `indexes` those were ours too: whoever tends them says so.
        """
        for generation in self._generations(collection):
            mark, seen = self._seen(generation)
            if all(difference.kind == "index_differs" for difference in differences(mark, seen)):
                self._mark(generation, seen, None if indexes else mark)

    def heal(self, collection: Collection, *, run_id: str = "") -> Healed:
        """The tables of a collection hold only what is ours again, and what they lack is submitted to be extracted.

        A stranger's commits are undone by restoring the last version before them, fragments without files are left
        out, and what cannot be saved is dropped. Waits for whoever writes; raises `LeaseHeld` when that takes too long.
        """
        done: list[tuple[str, Cure]] = []
        lost: set[str] = set()
        for generation in self._generations(collection):
            with hold(self._catalog.leases, writer_lease(generation), wait_s=_WAIT_S):
                applied, moved = self._heal_table(generation, run_id)
            done += [(generation.table, one) for one in applied]
            if applied:
                planned = self._planner.plan(collection.collection_id, generation=generation)
                lost |= lost_roots(planned.plan.frame, moved)
        batches = self._replan(collection, lost) if lost else []
        return Healed(collection, tuple(done), tuple(batches), tuple(self.check(collection)))

    def _heal_table(self, generation: Generation, run_id: str) -> tuple[list[Cure], set[str]]:
        applied: list[Cure] = []
        moved: set[str] = set()
        for _ in range(_ROUNDS):
            mark, seen = self._seen(generation)
            chosen = cure(mark, seen)
            if chosen.action == "none":
                break
            moved |= self._apply(generation, chosen, seen, run_id)
            applied.append(chosen)
            self._mark(generation, self._documents.repair.observe(generation.table), None)
        if applied:
            self._reconcile(generation, run_id)
        return applied, moved

    def _apply(self, generation: Generation, chosen: Cure, seen: Observed, run_id: str) -> set[str]:
        """Do it; the source objects of what is other than before, where that can be told."""
        stamp = Stamp("", generation.code_fp, run_id)
        repair, table = self._documents.repair, generation.table
        if chosen.action == "restore":
            before = self._documents.state(table) if not seen.broken else None
            repair.restore(table, chosen.version, stamp=stamp)
            broken = repair.observe(table, since=seen.version).broken
            return set() if before is None or broken else moved_roots(before, self._documents.state(table))
        if chosen.action == "prune":
            repair.prune(table, seen.broken, stamp=stamp)
        if chosen.action == "drop":
            self._documents.drop(table)
        return set()

    def _reconcile(self, generation: Generation, run_id: str) -> None:
        """Forget outcomes that the table contradicts, so that their items are planned again."""
        outcomes = self._catalog.ledger.outcomes(generation.generation_id)
        gone = contradicted(self._documents.state(generation.table), outcomes)
        self._catalog.ledger.forget(generation.generation_id, gone, run_id=run_id)

    def _replan(self, collection: Collection, lost: set[str]) -> list[Batch]:
        """A submitted batch per bucket of the lost objects that an earlier batch had brought to the collection."""
        every = self._catalog.resources.collections(collection.namespace_id)
        path = path_below([collection.collection_id], every)
        submitted = []
        for bucket_id in sorted(root_buckets(collection.collection_id, {c.collection_id: c for c in every})):
            bucket = self._catalog.resources.bucket(collection.namespace_id, bucket_id)
            roots = sorted(lost & self._brought(collection, bucket_id))
            if bucket is None or not roots:
                continue
            batch = self._batches.draft(
                bucket, roots, collection_ids=path, name="healed drift", metadata={"trigger": TRIGGER}
            )
            submitted.append(self._batches.submit(bucket, batch.batch_id))
        return submitted

    def _brought(self, collection: Collection, bucket_id: str) -> set[str]:
        """The objects that were submitted to the collection, deleted ones too; with a run over the whole source, which
        names none, also all that are there."""
        recent = self._catalog.batches.recent(bucket_id=bucket_id, limit=_MOST_BATCHES)
        ids = [b.batch_id for b in recent if b.submission and collection.collection_id in b.collection_ids]
        members = self._catalog.batches.object_ids(ids) if ids else {}
        found = {object_id for chosen in members.values() for object_id in chosen}
        if self._catalog.ledger.ran_whole(collection.collection_id):
            found |= set(self._catalog.objects.ids(bucket_id))
        return found

    def _seen(self, generation: Generation) -> tuple[Mark | None, Observed]:
        """The mark, and the table since then; all of its history where the mark is not in it."""
        mark = self._catalog.marks.get(generation.generation_id)
        seen = self._documents.repair.observe(generation.table, since=mark.version if mark else 0)
        if is_replaced(mark, seen):
            seen = self._documents.repair.observe(generation.table)
        return mark, seen

    def _mark(self, generation: Generation, seen: Observed, known: Mark | None) -> None:
        """Mark the table as it was seen, with the indexes that are `known` to be ours, or those that are there."""
        newest = seen.at(seen.version)
        fresh = Mark(
            generation_id=generation.generation_id,
            collection_id=generation.collection_id,
            table=generation.table,
            version=seen.version,
            rows=seen.rows,
            commit_id=newest.commit_id if newest else "",
            indexes=dict(seen.indexes if known is None else known.indexes),
            marked_at=now(),
        )
        if known is None or replace(fresh, marked_at=known.marked_at) != known:
            self._catalog.marks.put(fresh)

    def _generations(self, collection: Collection) -> Sequence[Generation]:
        return self._catalog.resources.generations(collection.collection_id)


def _without_generation(collection: Collection, generations: Sequence[Generation]) -> Iterator[TableDrift]:
    if collection.active_generation in {generation.generation_id for generation in generations}:
        return
    said = f"The catalog has no generation {collection.active_generation!r}, which the collection points to."
    yield TableDrift(
        collection, collection.active_generation, "", (Difference("generation_gone", said),), Cure("none")
    )
