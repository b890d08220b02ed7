"""Erasing objects: out of every store, every old version, with a proof. See ADR 0230.

What is to be done is kept in the catalog before it is done, so that a process that dies leaves nothing but a repetition
to the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.erasure import Erasure, Subject, unproved
from mixpeek_orchestration.core.errors import Broken, InvalidInput, MixpeekError, NotFound
from mixpeek_orchestration.core.identity import is_content_hash, is_object_id, random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.tiers import tier_of
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.contents import Contents
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.table_erasure import DocumentTable, TableEraser, rows_of

WAIT_S = 900.0

Progress = Callable[[str], None]


class KeptAnswers(Protocol):
    """Answers of models that are kept to be used again. They hold content of the objects that were worked on."""

    def count(self, *, of: str | None = None, before: float | None = None) -> int:
        """How many are kept, that were kept before a time (seconds since the epoch); with `of`, that may hold content of
        this object."""

    def prune(self, *, of: str | None = None) -> int:
        """Remove the old ones, or those that may hold content of this object; how many."""


def erasure_lease(erasure_id: str) -> str:
    """The name of the lease of whoever works on an erasure."""
    return f"erase:{erasure_id}"


class Erasures:
    """The erasures of all objects."""

    def __init__(
        self,
        catalog: Catalog,
        documents: DocumentStore,
        contents: Contents,
        *,
        answers: KeptAnswers | None = None,
        after: Callable[[Collection], None] = lambda _: None,
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._contents = contents
        self._answers = answers
        self._after = after
        self._tables = TableEraser(documents)

    def request(self, bucket: Bucket, object_id: str, *, reason: str = "") -> Erasure:
        """The erasure of an object, to be performed; the object is deleted already.

        One that is under way is returned as it is, and so is a completed one when nothing has come back since. Raises
        `NotFound` for an object that no store knows.
        """
        _check_id(object_id)
        known = self._catalog.erasures.latest(object_id)
        if known is not None and not known.is_completed:
            return known
        erasure = self._new(bucket, object_id, reason)
        if not any(count.before for count in erasure.stores if count.store != "answers"):
            if known is None:
                raise NotFound(
                    f"Bucket {bucket.name!r} has no object {object_id!r}.", field="object_id", value=object_id
                )
            return known
        kept = self._catalog.erasures.put(erasure)
        self._catalog.objects.delete(bucket.bucket_id, [object_id])
        return kept

    def perform(
        self, erasure_id: str, *, wait_s: float = WAIT_S, progress: Progress = lambda _: None
    ) -> Erasure:
        """The completed erasure with its proof; raises `LeaseHeld` while another process performs it, or writes to a
        table for longer than `wait_s`. Whatever was done stays done."""
        with hold(self._catalog.leases, erasure_lease(erasure_id)):
            erasure = self.by_id(erasure_id)
            if erasure.is_completed:
                return erasure
            attempt = replace(erasure, status="IN_PROGRESS", attempts=erasure.attempts + 1, error=None)
            erasure = self._catalog.erasures.put(attempt)
            try:
                return self._performed(erasure, wait_s, progress)
            except MixpeekError as error:
                told = replace(self.by_id(erasure_id), error=f"{type(error).__name__}: {error}"[:500])
                self._catalog.erasures.put(told)
                raise

    def erase(
        self,
        bucket: Bucket,
        object_id: str,
        *,
        reason: str = "",
        wait_s: float = WAIT_S,
        progress: Progress = lambda _: None,
    ) -> Erasure:
        """The object erased, with the proof."""
        return self.perform(
            self.request(bucket, object_id, reason=reason).erasure_id, wait_s=wait_s, progress=progress
        )

    def by_id(self, erasure_id: str) -> Erasure:
        """Raises `NotFound`."""
        found = self._catalog.erasures.get(erasure_id)
        if found is None:
            raise NotFound(f"There is no erasure {erasure_id!r}.", field="erasure_id", value=erasure_id)
        return found

    def of(self, namespace_id: str, object_id: str) -> Erasure:
        """The newest erasure of an object; raises `NotFound`."""
        found = self._catalog.erasures.latest(object_id)
        if found is None or found.namespace_id != namespace_id:
            raise NotFound(
                f"No erasure of object {object_id!r} was asked for.", field="object_id", value=object_id
            )
        return found

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[Erasure]:
        """Newest first."""
        return self._catalog.erasures.recent(namespace_id, limit=limit)

    def unfinished(self) -> list[Erasure]:
        """Oldest first."""
        return self._catalog.erasures.unfinished()

    def _new(self, bucket: Bucket, object_id: str, reason: str) -> Erasure:
        live = self._catalog.objects.get(bucket.bucket_id, object_id)
        contents = {blob.content_hash for blob in live.blobs} if live is not None else set()
        contents |= self._catalog.erasures.released(object_id=object_id)
        erasure = Erasure(
            erasure_id=random_id("ers"),
            namespace_id=bucket.namespace_id,
            bucket_id=bucket.bucket_id,
            object_id=object_id,
            reason=reason,
            contents=tuple(sorted(contents)),
        )
        before = {**self._counts(erasure), "objects.contents": self._contents.stored(contents)}
        counted = erasure.with_counts(before)
        return replace(
            counted, stores=tuple(replace(c, before=before[c.store], after=None) for c in counted.stores)
        )

    def _performed(self, erasure: Erasure, wait_s: float, progress: Progress) -> Erasure:
        self._catalog.objects.delete(erasure.bucket_id, [erasure.object_id])
        while left := self._unvisited(erasure):
            for table in left:
                erasure = self._erase_table(erasure, table, wait_s, progress)
        self._catalog.erasures.forget(self._subject(erasure))
        progress("the catalog names it no more")
        self._contents.remove_unused(erasure.contents)
        moment = time.time()
        if self._answers is not None:
            self._answers.prune(of=erasure.object_id)
        erasure = replace(erasure, storage=self._catalog.erasures.wipe())
        return self._proved(erasure.with_counts(self._counts(erasure, before=moment)))

    def _erase_table(
        self, erasure: Erasure, table: DocumentTable, wait_s: float, progress: Progress
    ) -> Erasure:
        proof = erasure.proof_of(table.name)
        if proof is not None and proof.is_rewritten:
            return erasure
        with hold(self._catalog.leases, table.lease, wait_s=wait_s) as lease:
            if proof is None:
                # What was there before is kept first: after the rewriting nobody could tell.
                proof, items = self._tables.examine(table, erasure.object_id)
                erasure = self._catalog.erasures.put(_knowing(erasure, items).with_table(proof))
            if not proof.is_rewritten:
                lease.check()
                proof = self._tables.rewrite(table, proof, erasure.object_id, erasure.erasure_id)
                if table.generation is not None:
                    self._catalog.marks.forget(table.generation.generation_id)
                erasure = self._catalog.erasures.put(erasure.with_table(proof))
        progress(f"{table.name}: {proof.found_before} rows in its files before, {proof.found} now")
        return erasure

    def _proved(self, erasure: Erasure) -> Erasure:
        left = unproved(erasure)
        if left:
            # The next attempt looks at the tables again: what is left may have been written meanwhile.
            self._catalog.erasures.put(replace(erasure, tables=tuple(p.doubted() for p in erasure.tables)))
            raise Broken(
                f"The erasure of {erasure.object_id} is not proved: {'; '.join(left[:3])}.",
                value=erasure.erasure_id,
                fix="Perform it again.",
            )
        touched = {proof.collection_id for proof in erasure.tables if proof.found_before}
        for collection in self._catalog.resources.collections(erasure.namespace_id):
            if collection.collection_id in touched:
                self._after(collection)
        return self._catalog.erasures.put(
            replace(erasure, status="COMPLETED", completed_at=now(), items=(), contents=())
        )

    def _unvisited(self, erasure: Erasure) -> list[DocumentTable]:
        """The tables that are not rewritten yet: a migration may have begun another one while the first were, and have
        read what they held."""
        proofs = [erasure.proof_of(table.name) for table in self._document_tables(erasure.namespace_id)]
        rewritten = {proof.table for proof in proofs if proof is not None and proof.is_rewritten}
        return [t for t in self._document_tables(erasure.namespace_id) if t.name not in rewritten]

    def _document_tables(self, namespace_id: str) -> list[DocumentTable]:
        """The tables of every generation of the namespace, sources before what reads them, then those that no
        generation has."""
        resources = self._catalog.resources
        collections = resources.collections(namespace_id)
        tiers = tier_of(collections)
        ordered = sorted(collections, key=lambda c: tiers[c.collection_id])
        own = [g for c in ordered for g in resources.generations(c.collection_id)]
        known = {generation.table for generation in resources.generations()}
        strays = [name for name in self._documents.upkeep.tables() if name not in known]
        return [*(DocumentTable(g.table, g) for g in own), *map(DocumentTable, strays)]

    def _subject(self, erasure: Erasure) -> Subject:
        collections = self._catalog.resources.collections(erasure.namespace_id)
        return Subject(
            object_id=erasure.object_id,
            bucket_id=erasure.bucket_id,
            items=frozenset(erasure.items),
            contents=frozenset(erasure.contents),
            collection_ids=tuple(c.collection_id for c in collections),
        )

    def _counts(self, erasure: Erasure, *, before: float | None = None) -> Mapping[str, int]:
        """What every store holds of the object now, by the store's name; of answers, those kept before a time."""
        where = rows_of(erasure.object_id)
        documents = {
            f"documents.{table.name}": self._documents.count(table.name, where=where)
            for table in self._document_tables(erasure.namespace_id)
            if self._documents.version(table.name)
        }
        answers = (
            {}
            if self._answers is None
            else {"answers": self._answers.count(of=erasure.object_id, before=before)}
        )
        return {
            **self._catalog.erasures.mentions(self._subject(erasure)),
            "objects.contents": self._contents.held(erasure.contents),
            **answers,
            **documents,
        }


def _knowing(erasure: Erasure, named: set[str]) -> Erasure:
    """The erasure that looks for these ids and contents as well."""
    contents = {name for name in named if is_content_hash(name)}
    items = named - contents - {erasure.object_id}
    return replace(
        erasure,
        items=tuple(sorted({*erasure.items, *items})),
        contents=tuple(sorted({*erasure.contents, *contents})),
    )


def _check_id(object_id: str) -> None:
    if not is_object_id(object_id):
        raise InvalidInput(
            f"{object_id!r} is not the id of an object.",
            field="object_id",
            value=object_id,
            fix="Give the object_id that putting or listing it answers.",
        )
