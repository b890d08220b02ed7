"""Upkeep of Lance tables: what they are like, indexes, compaction, retention. See ADR 0231.

Compaction and index building commit by themselves and take no stamp. `last_stamp` therefore looks past them, and a
clean-up first puts the stamp on the version that stays.
"""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import lance
from lance.dataset import Transaction

from mixpeek_orchestration.core.collection import Distance
from mixpeek_orchestration.core.index_plan import fragment_rows
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.core.ports.upkeep import Cleaned, FileTrace, IndexFacts, IndexKind, TableFacts
from mixpeek_orchestration.stores.documents import lance_commit, lance_traces
from mixpeek_orchestration.stores.documents.lance_errors import translated
from mixpeek_orchestration.stores.documents.lance_tables import LanceTables
from mixpeek_orchestration.stores.documents.scores import METRICS

FRAGMENT_ROWS: Final = 1 << 20
SMALL_ROWS: Final = 10_000
PARTITION_ROWS: Final = 8_192
BYTES_AT_A_TIME: Final = 1 << 30
ROWS_AT_A_TIME: Final = 1_024
_DELETED_SHARE: Final = 0.1

_LANCE_KINDS: Final[dict[IndexKind, str]] = {
    "IVF_SQ": "IVF_SQ",
    "HNSW_SQ": "IVF_HNSW_SQ",
    "BTREE": "BTREE",
    "FTS": "INVERTED",
}
_KINDS: Final[dict[str, IndexKind]] = {
    "IVF_SQ": "IVF_SQ",
    "IVF_HNSW_SQ": "HNSW_SQ",
    "BTREE": "BTREE",
    "INVERTED": "FTS",
}
_NO_ROW_CHANGED = (lance.LanceOperation.Rewrite, lance.LanceOperation.CreateIndex)


class LanceUpkeep:
    """Implements `TableUpkeep` on the tables of a store."""

    def __init__(self, tables: LanceTables) -> None:
        self._tables = tables

    def tables(self) -> list[str]:
        """The names of all tables that are there."""
        return self._tables.names()

    def facts(self, table: str) -> TableFacts | None:
        """The present state of a table."""
        with translated(table):
            dataset = self._tables.own(table)
            return None if dataset is None else _facts(table, dataset)

    def build(
        self, table: str, name: str, *, column: str, kind: IndexKind, distance: Distance = "cosine"
    ) -> None:
        """Make an index from all rows, in place of the one with that name."""
        with translated(table):
            dataset = self._tables.own(table)
            if dataset is None or not dataset.get_fragments():
                return
            if kind in ("BTREE", "FTS"):
                dataset.create_scalar_index(column, _LANCE_KINDS[kind], name, replace=True)  # type: ignore[arg-type]
                return
            dataset.create_index(
                column,
                _LANCE_KINDS[kind],
                name,
                metric=METRICS[distance],
                replace=True,
                num_partitions=max(1, dataset.count_rows() // PARTITION_ROWS),
            )

    def extend(self, table: str, names: Sequence[str], *, retrain: bool = False) -> None:
        """Take the rows that these indexes do not cover into them."""
        with translated(table):
            dataset = self._tables.own(table)
            if dataset is None or not names:
                return
            options = {"retrain": True} if retrain else {"num_indices_to_merge": 1_000}
            dataset.optimize.optimize_indices(index_names=list(names), **options)

    def drop_index(self, table: str, name: str) -> None:
        with translated(table):
            dataset = self._tables.own(table)
            if dataset is not None and any(index.name == name for index in dataset.describe_indices()):
                dataset.drop_index(name)

    def compact(self, table: str, *, all_deletions: bool = False) -> None:
        """Merge small fragments and leave deleted rows out of the new files, a bounded number of bytes at a time."""
        with translated(table):
            dataset = self._tables.own(table)
            if dataset is None:
                return
            share = 0.0 if all_deletions else _DELETED_SHARE
            # Lance leaves out what is larger than the bound by itself: a fragment that was written in one go.
            for most_bytes in (BYTES_AT_A_TIME, None):
                while _compacted(dataset, share, most_bytes):
                    pass

    def clean(self, table: str, *, keep_versions: int, older_than_s: float) -> Cleaned:
        """Remove versions that are neither among the newest, nor young, nor tagged."""
        with translated(table):
            dataset = self._tables.own(table)
            if dataset is None or not _old_versions(dataset, keep_versions, older_than_s):
                return Cleaned()
            dataset = seal(dataset)
            stats = dataset.cleanup_old_versions(
                versions=_old_versions(dataset, keep_versions, older_than_s),
                error_if_tagged_old_versions=False,
            )
            return Cleaned(stats.old_versions, stats.bytes_removed)

    def purge(self, table: str) -> Cleaned:
        """Remove all versions but the newest, their tags, and every file that it does not need."""
        with translated(table):
            dataset = self._tables.own(table)
            if dataset is None:
                self._tables.drop(table)
                return Cleaned()
            dataset = seal(dataset)
            tags = _untagged(dataset)
            stats = dataset.cleanup_old_versions(
                older_than=timedelta(0), delete_unverified=True, error_if_tagged_old_versions=False
            )
            return Cleaned(stats.old_versions, stats.bytes_removed, tags)

    def traces(self, table: str, root: str, *, mentions: AnyOf[str] = ()) -> list[FileTrace]:
        """Every file of the table, decoded with deletions ignored."""
        with translated(table):
            dataset = self._tables.own(table)
            files = self._tables.files(table)
            if dataset is None:
                return lance_traces.leftovers(files)
            return lance_traces.traces(files, dataset, root, mentions)

    def identifiers(self, table: str, root: str) -> set[str]:
        """The ids that any file of the table has of an object, deleted ones too."""
        with translated(table):
            dataset = self._tables.own(table)
            return (
                set()
                if dataset is None
                else lance_traces.identifiers(self._tables.files(table), dataset, root)
            )

    def named(self, table: str, contents: AnyOf[str]) -> set[str]:
        """Those of these addresses that a row of the newest version names."""
        with translated(table):
            dataset = self._tables.own(table)
            return set() if dataset is None else lance_traces.named(dataset, contents)


def _compacted(dataset: lance.LanceDataset, deleted_share: float, most_bytes: int | None) -> bool:
    """Merge what fits into one go, and commit it; whether there was anything."""
    before = dataset.version
    dataset.optimize.compact_files(
        target_rows_per_fragment=_fragment_rows(dataset),
        materialize_deletions=True,
        materialize_deletions_threshold=deleted_share,
        num_threads=1,
        batch_size=ROWS_AT_A_TIME,
        max_source_bytes=most_bytes,
    )
    return bool(dataset.version != before)


def _fragment_rows(dataset: lance.LanceDataset) -> int:
    """So many rows that what Lance merges in one task, up to a new fragment, is at most half of what is done in one go."""
    files = [
        (f.physical_rows, sum(d.file_size_bytes or 0 for d in f.data_files()))
        for f in dataset.get_fragments()
    ]
    return fragment_rows(
        sum(rows for rows, _ in files),
        sum(size for _, size in files),
        most_rows=FRAGMENT_ROWS,
        most_bytes=BYTES_AT_A_TIME // 2,
    )


def last_stamp(dataset: lance.LanceDataset) -> Stamp | None:
    """The stamp of the newest commit that changed rows; upkeep is looked past, a stranger's change is not."""
    known = (
        {entry["version"] for entry in dataset.versions()} if _is_upkeep(dataset, dataset.version) else set()
    )
    version = dataset.version
    while version in known and version - 1 in known and _is_upkeep(dataset, version):
        version -= 1
    return None if _is_upkeep(dataset, version) else lance_commit.stamp_of(dataset.read_transaction(version))


def seal(dataset: lance.LanceDataset) -> lance.LanceDataset:
    """The dataset with its last stamp on its newest version, so that older ones can go without losing it."""
    if not _is_upkeep(dataset, dataset.version):
        return dataset
    stamp = last_stamp(dataset)
    if stamp is None:
        return dataset
    nothing = lance.LanceOperation.Append([])
    transaction = Transaction(dataset.version, nothing, transaction_properties=lance_commit.properties(stamp))
    return lance.LanceDataset.commit(dataset, transaction, max_retries=0)


def _is_upkeep(dataset: lance.LanceDataset, version: int) -> bool:
    try:
        transaction = dataset.read_transaction(version)
    except TypeError:
        # pylance 14.0.2 cannot build the record of a compaction that rewrote an index as well.
        return True
    if transaction is None:
        return False
    # What pylance has no record for (the reservation before a compaction) comes as the bare base class.
    operation = transaction.operation
    return isinstance(operation, _NO_ROW_CHANGED) or type(operation) is lance.LanceOperation.BaseOperation


def _facts(table: str, dataset: lance.LanceDataset) -> TableFacts:
    rows = [(f.physical_rows - f.num_deletions, f.num_deletions) for f in dataset.get_fragments()]
    return TableFacts(
        table=table,
        rows=sum(live for live, _ in rows),
        deleted=sum(deleted for _, deleted in rows),
        fragments=len(rows),
        small=sum(live < SMALL_ROWS for live, _ in rows),
        version=dataset.version,
        versions=len(dataset.versions()),
        bytes=sum(lance_traces.sizes(dataset).values()),
        indexes=tuple(_index_facts(dataset)),
        tags=tuple(sorted(dataset.tags.list())),
    )


def _index_facts(dataset: lance.LanceDataset) -> list[IndexFacts]:
    total = dataset.count_rows()
    return [
        IndexFacts(
            name=index.name,
            column=index.field_names[0],
            kind=_KINDS.get(index.index_type.upper(), "other"),
            rows=index.num_rows_indexed,
            tail=max(0, total - index.num_rows_indexed),
            parts=index.num_segments if hasattr(index, "num_segments") else len(index.segments),
        )
        for index in dataset.describe_indices()
    ]


def _untagged(dataset: lance.LanceDataset) -> tuple[str, ...]:
    """Take away the tags of older versions, and say which: a tag would keep the rows of its version."""
    old = sorted(name for name, tag in dataset.tags.list().items() if tag["version"] != dataset.version)
    for name in old:
        dataset.tags.delete(name)
    return tuple(old)


def _old_versions(dataset: lance.LanceDataset, keep: int, older_than_s: float) -> list[int]:
    """The versions that are neither among the newest, nor young, nor tagged."""
    tagged = {tag["version"] for tag in dataset.tags.list().values()}
    newest_first = sorted(dataset.versions(), key=lambda entry: entry["version"], reverse=True)
    now = newest_first[0]["timestamp"]
    return [
        entry["version"]
        for entry in newest_first[max(1, keep) :]
        if entry["version"] not in tagged and (now - entry["timestamp"]).total_seconds() >= older_than_s
    ]
