"""The one write path into a Lance table.

Lance rebases a commit over whatever other writers did since its read version, and looks for duplicate keys only
when it commits by itself; then it takes no properties. A commit of ours therefore is made uncommitted, stamped, and
made to conflict with every other one of ours: it claims the table's first fragment as well. One of two concurrent
writers always loses, with nothing written, so that what was decided on a version is true of the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lance
import pyarrow as pa
import pyarrow.compute as pc
from lance.commit import CommitConflictError
from lance.dataset import Transaction
from lance.fragment import write_fragments

from mixpeek_orchestration.core.document import DOCUMENT_ID, SOURCE_ITEM
from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.stores.documents.rows import conformed, new_fields
from mixpeek_orchestration.stores.documents.sql import is_in

_PREFIX = "mixpeek."
_FEW_ITEMS = 1_000
"""Up to here a filter over items is cheaper than reading the two columns of the whole table."""


@dataclass(frozen=True)
class Committed:
    """The table after a commit, and how many rows it no longer has."""

    dataset: lance.LanceDataset
    deleted: int


def properties(stamp: Stamp) -> dict[str, str]:
    """What a transaction carries of a stamp."""
    return {
        f"{_PREFIX}batch_id": stamp.batch_id,
        f"{_PREFIX}code_fp": stamp.code_fp,
        f"{_PREFIX}run_id": stamp.run_id,
    }


def stamp_of(transaction: Transaction | None) -> Stamp | None:
    """The stamp of a transaction of ours; `None` for a stranger's and for one whose history is gone."""
    told = (transaction.transaction_properties if transaction else None) or {}
    if f"{_PREFIX}batch_id" not in told:
        return None
    return Stamp(*(told.get(f"{_PREFIX}{name}", "") for name in ("batch_id", "code_fp", "run_id")))


def create(path: str, rows: pa.Table, stamp: Stamp, options: dict[str, str] | None) -> Committed:
    """A new table with these rows; fails when another process created it first.

    Not `write_dataset(mode="create")`: of two that run at once the later one replaces what the earlier one wrote.
    """
    schema = pa.schema(new_fields(rows, pa.schema([])))
    fragments = write_fragments(conformed(rows, schema), path, mode="create", storage_options=options)
    operation = lance.LanceOperation.Overwrite(schema, fragments)
    transaction = Transaction(0, operation, transaction_properties=properties(stamp))
    try:
        dataset = lance.LanceDataset.commit(path, transaction, storage_options=options, max_retries=0)
    except OSError as error:
        # With a table there, Lance looks for the version that this commit was made on, which no table has.
        if "_versions/0.manifest" in str(error):
            raise CommitConflictError("Another process created the table first.") from error
        raise
    return Committed(dataset, 0)


def replace_items(
    dataset: lance.LanceDataset, rows: pa.Table, items: Sequence[str], stamp: Stamp
) -> Committed:
    """All rows of `items` are exactly `rows` afterwards, in one commit; without a change there is none."""
    if not dataset.get_fragments():
        return _refill(dataset, rows, stamp) if rows.num_rows else Committed(dataset, 0)
    added = new_fields(rows, dataset.schema)
    conformed(rows, pa.schema([*dataset.schema, *added]))  # refuse before anything is changed
    if added:
        dataset = dataset.checkout_version(dataset.version)
        dataset.add_columns(pa.schema(added))
    return _merge(dataset, conformed(rows, dataset.schema), items, stamp)


def _merge(dataset: lance.LanceDataset, rows: pa.Table, items: Sequence[str], stamp: Stamp) -> Committed:
    shrinking = _shrinking(dataset, rows, items)
    if not shrinking and not rows.num_rows:
        return Committed(dataset, 0)
    merge = dataset.merge_insert(DOCUMENT_ID).when_matched_update_all().when_not_matched_insert_all()
    if shrinking:
        merge = merge.when_not_matched_by_source_delete(is_in(SOURCE_ITEM, shrinking))
    transaction, counts = merge.use_index(False).execute_uncommitted(rows)
    _claim(dataset, transaction)
    return Committed(_commit(dataset, transaction, stamp), counts["num_deleted_rows"])


def _shrinking(dataset: lance.LanceDataset, rows: pa.Table, items: Sequence[str]) -> list[str]:
    """The items that have documents which `rows` no longer have: only they need the costly delete clause."""
    few = len(items) <= _FEW_ITEMS
    present = dataset.to_table(
        columns=[DOCUMENT_ID, SOURCE_ITEM], filter=is_in(SOURCE_ITEM, items) if few else None
    )
    if not few:
        present = present.filter(pc.is_in(present[SOURCE_ITEM], value_set=pa.array(items, pa.string())))
    kept = pc.is_in(present[DOCUMENT_ID], value_set=rows[DOCUMENT_ID].combine_chunks())
    losing: list[str] = pc.unique(present.filter(pc.invert(kept))[SOURCE_ITEM]).to_pylist()
    return losing


def _claim(dataset: lance.LanceDataset, transaction: Transaction) -> None:
    """Mark the first fragment as touched, unless it is, so that every two commits meet on it."""
    change = transaction.operation
    if not isinstance(change, lance.LanceOperation.Update):
        raise Broken(
            f"A merge became a {type(change).__name__}, on which concurrent commits may not conflict."
        )
    first = dataset.get_fragments()[0].metadata
    touched = {*change.removed_fragment_ids, *(fragment.id for fragment in change.updated_fragments)}
    if first.id not in touched:
        change.updated_fragments = [*change.updated_fragments, first]


def _refill(dataset: lance.LanceDataset, rows: pa.Table, stamp: Stamp) -> Committed:
    """Rows into a table that lost all of them: there is no fragment to meet on, but an overwrite is strict."""
    schema = pa.schema([*dataset.schema, *new_fields(rows, dataset.schema)])
    fragments = write_fragments(conformed(rows, schema), dataset, mode="overwrite")
    transaction = Transaction(dataset.version, lance.LanceOperation.Overwrite(schema, fragments))
    return Committed(_commit(dataset, transaction, stamp), 0)


def _commit(dataset: lance.LanceDataset, transaction: Transaction, stamp: Stamp) -> lance.LanceDataset:
    transaction.transaction_properties = properties(stamp)
    return lance.LanceDataset.commit(dataset, transaction, max_retries=0)
