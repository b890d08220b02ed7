"""Behaviour of Lance on which the write path rests. When an upgrade turns one red, read ADR 0030 before anything else."""

from __future__ import annotations

from pathlib import Path

import lance
import lancedb
import pyarrow as pa
import pytest
from lance.commit import CommitConflictError
from lance.dataset import MergeInsertBuilder

KEY = {"lance-schema:unenforced-primary-key": "true"}


def rows(*pairs: tuple[str, str]) -> pa.Table:
    schema = pa.schema(
        [pa.field("id", pa.string(), nullable=False, metadata=KEY), pa.field("item", pa.string())]
    )
    return pa.table([[key for key, _ in pairs], [item for _, item in pairs]], schema=schema)


def plain(table: pa.Table) -> pa.Table:
    """The same rows without the mark of the primary key."""
    return table.cast(pa.schema([pa.field(name, pa.string()) for name in table.column_names]))


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "facts.lance")
    lance.write_dataset(rows(("a", "x"), ("b", "x"), ("c", "y")), path)
    return path


def merge(dataset: lance.LanceDataset) -> MergeInsertBuilder:
    return dataset.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().use_index(False)


def ids(path: str) -> list[str]:
    return sorted(lance.dataset(path).to_table()["id"].to_pylist())


def test_merge_without_primary_key_duplicates(tmp_path: Path) -> None:
    """Two concurrent merges of one new key both succeed when the table has no primary key."""
    path = str(tmp_path / "unkeyed.lance")
    lance.write_dataset(plain(rows(("a", "x"))), path)
    one, two = lance.dataset(path), lance.dataset(path)
    for handle in (one, two):
        merge(handle).execute(plain(rows(("n", "x"))))
    assert ids(path) == ["a", "n", "n"]


def test_merge_with_primary_key_does_not(path: str) -> None:
    """With the primary key in the field's metadata the second merge notices the first one's insert."""
    one, two = lance.dataset(path), lance.dataset(path)
    for handle in (one, two):
        merge(handle).execute(rows(("n", "x")))
    assert ids(path) == ["a", "b", "c", "n"]


def test_an_uncommitted_merge_loses_that_protection(path: str) -> None:
    """Committing a merge by hand, the only way to stamp it, lets two inserts of one key through: hence the claim."""
    handles = [lance.dataset(path), lance.dataset(path)]
    for handle in handles:
        transaction, _ = merge(handle).execute_uncommitted(rows(("n", "x")))
        lance.LanceDataset.commit(handle, transaction, max_retries=0)
    assert ids(path).count("n") == 2


def test_two_updates_of_one_fragment_conflict(path: str) -> None:
    """Naming an untouched fragment as updated changes no row and makes the later commit a retryable conflict."""
    handles = [lance.dataset(path), lance.dataset(path)]
    transactions = [merge(handle).execute_uncommitted(rows(("n", "x")))[0] for handle in handles]
    for handle, transaction in zip(handles, transactions, strict=True):
        transaction.operation.updated_fragments = [handle.get_fragments()[0].metadata]
    lance.LanceDataset.commit(handles[0], transactions[0], max_retries=0)
    with pytest.raises(CommitConflictError) as caught:
        lance.LanceDataset.commit(handles[1], transactions[1], max_retries=0)
    assert caught.value.retryable
    assert ids(path) == ["a", "b", "c", "n"]


def test_equal_keys_in_one_source_are_both_inserted(path: str) -> None:
    """A merge does not look for duplicates inside its source: hence rows are deduplicated first."""
    merge(lance.dataset(path)).execute(rows(("n", "x"), ("n", "x")))
    assert ids(path).count("n") == 2


def test_an_empty_source_deletes(path: str) -> None:
    """The delete clause works without any source row."""
    merge(lance.dataset(path)).when_not_matched_by_source_delete("item IN ('x')").execute(rows())
    assert ids(path) == ["c"]


def test_properties_of_a_transaction_are_read_back(path: str) -> None:
    """What a transaction carries can be read by version, and another version's cannot be mistaken for it."""
    handle = lance.dataset(path)
    transaction, _ = merge(handle).execute_uncommitted(rows(("n", "x")))
    transaction.transaction_properties = {"who": "us"}
    done = lance.LanceDataset.commit(handle, transaction)
    assert done.read_transaction(2).transaction_properties == {"who": "us"}
    assert not done.read_transaction(1).transaction_properties


def test_cleaning_up_forgets_old_transactions(path: str) -> None:
    """Old versions take their properties with them; the newest keeps its own."""
    handle = lance.dataset(path)
    for key in "mn":
        transaction, _ = merge(handle).execute_uncommitted(rows((key, "x")))
        transaction.transaction_properties = {"who": key}
        handle = lance.LanceDataset.commit(handle, transaction)
    handle.cleanup_old_versions(retain_versions=1)
    assert lance.dataset(path).read_transaction(3).transaction_properties == {"who": "n"}
    with pytest.raises((OSError, ValueError)):
        handle.read_transaction(2)


def test_a_handle_stays_on_its_version(path: str) -> None:
    """An open handle never moves by itself, and knows the newest version when asked."""
    handle = lance.dataset(path)
    merge(lance.dataset(path)).execute(rows(("n", "x")))
    assert (handle.version, handle.latest_version, handle.count_rows()) == (1, 2, 3)
    assert handle.checkout_version(2).count_rows() == 4
    assert handle.version == 1


def test_a_default_lancedb_table_is_blind(path: str) -> None:
    """LanceDB's table, opened with defaults, does not see a commit that comes later: hence Lance's own handles."""
    table = lancedb.connect(str(Path(path).parent)).open_table("facts")
    assert table.count_rows() == 3
    merge(lance.dataset(path)).execute(rows(("n", "x")))
    assert table.count_rows() == 3


def test_an_overwrite_without_retries_is_strict(path: str) -> None:
    """An overwrite based on an older version fails when told not to retry: how a table without rows is filled."""
    fragments = lance.fragment.write_fragments(rows(("n", "x")), path, mode="overwrite")
    merge(lance.dataset(path)).execute(rows(("m", "x")))
    change = lance.LanceOperation.Overwrite(rows().schema, fragments)
    with pytest.raises(CommitConflictError):
        lance.LanceDataset.commit(path, lance.Transaction(1, change), max_retries=0)
    assert ids(path) == ["a", "b", "c", "m"]


def test_ordering_needs_the_column(path: str) -> None:
    """Ordering by a column that is not read fails: hence it is read and taken away again."""
    with pytest.raises(ValueError, match="TakeExec"):
        lance.dataset(path).to_table(columns=["item"], order_by=["id"])


def test_zero_vectors_vanish_from_cosine_results(tmp_path: Path) -> None:
    """A zero vector has no cosine, so the row is never found: hence extraction refuses zero vectors."""
    vectors = pa.FixedSizeListArray.from_arrays(pa.array([0.0, 0.0, 1.0, 0.0], pa.float32()), 2)
    dataset = lance.write_dataset(
        pa.table({"id": ["zero", "one"], "v": vectors}), str(tmp_path / "zero.lance")
    )
    nearest = {"column": "v", "q": [1.0, 0.0], "k": 2, "metric": "cosine"}
    assert dataset.to_table(columns=["id", "_distance"], nearest=nearest)["id"].to_pylist() == ["one"]
