"""Erasures: what was asked for, how far it is, and the proof. Holds ids and counts, never content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.ports.upkeep import FileTrace

ErasureStatus = Literal["PENDING", "IN_PROGRESS", "COMPLETED"]
ERASED: Final = "erased"
"""What stands where the id of an erased object stood."""
OUTSIDE: Final = (
    "backups, replicas and archived logs of the catalog (WAL archives of PostgreSQL)",
    "old versions that a bucket on S3 keeps (versioning, object lock, replication)",
    "answers of models that workers on other machines keep",
    "what was exported or downloaded, and the source that the object came from",
)
"""What no proof reaches."""


@dataclass(frozen=True)
class Subject:
    """An object and everything that was made of it: the ids of its documents in all tiers, and its contents."""

    object_id: str
    bucket_id: str
    items: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    collection_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreCount:
    """What one store held of the object when its erasure was asked for, and what it holds now."""

    store: str
    before: int
    after: int | None = None


@dataclass(frozen=True)
class TableProof:
    """One table of documents: what its files held before and what they hold now, every file decoded.

    `found_before` is how many rows the decoder found, deleted ones too. `files` is empty until the table is rewritten,
    and for a table whose files never named the object it stays as it was found.
    """

    table: str
    collection_id: str = ""
    generation_id: str = ""
    rows_before: int = 0
    found_before: int = 0
    files_before: tuple[str, ...] = ()
    version: int = 0
    is_rewritten: bool = False
    files: tuple[FileTrace, ...] = ()
    removed_files: tuple[str, ...] = ()
    removed_versions: int = 0
    removed_tags: tuple[str, ...] = ()
    rebuilt_indexes: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """Rows of the object that a decoder still finds."""
        return sum(file.found for file in self.files)

    def doubted(self) -> TableProof:
        """What was known of the table, to be rewritten again."""
        return replace(self, is_rewritten=False, files=(), files_before=tuple(f.path for f in self.files))


@dataclass(frozen=True)
class Erasure:
    """The erasure of one object. `items` and `contents` are what is looked for; both go when it is completed."""

    erasure_id: str
    namespace_id: str
    bucket_id: str
    object_id: str
    reason: str = ""
    status: ErasureStatus = "PENDING"
    attempts: int = 0
    error: str | None = None
    items: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    stores: tuple[StoreCount, ...] = ()
    tables: tuple[TableProof, ...] = ()
    storage: str = ""
    requested_at: str = ""
    completed_at: str | None = None

    @property
    def is_completed(self) -> bool:
        return self.status == "COMPLETED"

    def proof_of(self, table: str) -> TableProof | None:
        """What is known of a table so far."""
        return next((proof for proof in self.tables if proof.table == table), None)

    def with_table(self, proof: TableProof) -> Erasure:
        """The erasure with this proof in place of what was known of its table."""
        others = tuple(known for known in self.tables if known.table != proof.table)
        return replace(self, tables=(*others, proof))

    def with_counts(self, after: Mapping[str, int]) -> Erasure:
        """The erasure with what its stores hold now; a store that was not counted before is added."""
        before = {count.store: count.before for count in self.stores}
        names = [*before, *(name for name in after if name not in before)]
        return replace(
            self, stores=tuple(StoreCount(name, before.get(name, 0), after.get(name, 0)) for name in names)
        )


def quieted(batch: Batch) -> Batch:
    """The batch without the messages of its errors, which may quote what is erased."""
    tiers = {
        key: replace(report, first_error=None if report.first_error is None else ERASED)
        for key, report in batch.tiers.items()
    }
    return replace(batch, tiers=tiers, error=None if batch.error is None else ERASED)


def unproved(erasure: Erasure) -> list[str]:
    """What keeps the erasure from being proved, a sentence each."""
    said = [f"{c.store} holds {c.after} rows" for c in erasure.stores if c.after]
    said += [f"{c.store} was not counted" for c in erasure.stores if c.after is None]
    for proof in erasure.tables:
        if not proof.is_rewritten:
            said.append(f"{proof.table} is not rewritten")
        said += [f"{proof.table}/{f.path} holds {f.found} rows" for f in proof.files if f.found]
        said += [f"{proof.table}/{f.path} names it" for f in proof.files if f.mentions and not f.found]
    return said


def proof_document(erasure: Erasure) -> dict[str, Any]:
    """The proof as JSON: ids, names, counts."""
    return {
        "erasure_id": erasure.erasure_id,
        "object_id": erasure.object_id,
        "bucket_id": erasure.bucket_id,
        "namespace_id": erasure.namespace_id,
        "reason": erasure.reason,
        "status": erasure.status,
        "error": erasure.error,
        "requested_at": erasure.requested_at,
        "completed_at": erasure.completed_at,
        "storage": erasure.storage,
        "not_covered": list(OUTSIDE),
        "stores": [{"store": c.store, "before": c.before, "after": c.after} for c in erasure.stores],
        "tables": [_table_document(proof) for proof in erasure.tables],
    }


def proof_lines(erasure: Erasure) -> Iterator[str]:
    """The proof as text, a line a fact."""
    yield f"erasure {erasure.erasure_id} of object {erasure.object_id}: {erasure.status}"
    if erasure.reason:
        yield f"reason: {erasure.reason}"
    yield f"requested {erasure.requested_at}" + (
        f", completed {erasure.completed_at}" if erasure.completed_at else ""
    )
    yield from _store_lines(erasure)
    for proof in erasure.tables:
        yield from _table_lines(proof)
    if erasure.storage:
        yield f"catalog storage: {erasure.storage}"
    yield from (f"not proved: {sentence}" for sentence in unproved(erasure))
    yield f"not covered: {'; '.join(OUTSIDE)}"


def _table_document(proof: TableProof) -> dict[str, Any]:
    return {
        "table": proof.table,
        "collection_id": proof.collection_id,
        "generation_id": proof.generation_id,
        "version": proof.version,
        "rows_before": proof.rows_before,
        "rows_decoded_before": proof.found_before,
        "rows_decoded": proof.found,
        "files": [
            {
                "path": file.path,
                "kind": file.kind,
                "decoded": file.decoded,
                "rows": file.rows,
                "found": file.found,
                "mentions": file.mentions,
            }
            for file in proof.files
        ],
        "removed_files": list(proof.removed_files),
        "removed_versions": proof.removed_versions,
        "removed_tags": list(proof.removed_tags),
        "rebuilt_indexes": list(proof.rebuilt_indexes),
    }


def _store_lines(erasure: Erasure) -> Iterator[str]:
    """The stores that held something, a line each, and the names of those that never did."""
    empty = [count.store for count in erasure.stores if not count.before and count.after == 0]
    for count in erasure.stores:
        if count.store not in empty:
            now = "not counted" if count.after is None else count.after
            yield f"  {count.store}: {count.before} before, {now} now"
    if empty:
        yield f"  0 before, 0 now: {', '.join(empty)}"


def _table_lines(proof: TableProof) -> Iterator[str]:
    decoded = [file for file in proof.files if file.decoded]
    yield (
        f"  table {proof.table}: {proof.found_before} rows found in its files before, {proof.found} now; "
        f"{len(decoded)} files with {sum(file.rows for file in decoded):,} rows decoded, "
        f"{len(proof.removed_files)} files and {proof.removed_versions} versions removed"
    )
    if proof.removed_tags:
        yield f"    tags of removed versions: {', '.join(proof.removed_tags)}"
    if proof.rebuilt_indexes:
        yield f"    indexes made again: {', '.join(proof.rebuilt_indexes)}"
