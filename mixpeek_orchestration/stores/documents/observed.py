"""What happened to a Lance table, read from its versions and files, and the two commits that repair it."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Iterable
from pathlib import Path

import lance
from lance.dataset import Transaction
from lance.fragment import LanceFragment

from mixpeek_orchestration.core.document import DOCUMENT_ID
from mixpeek_orchestration.core.drift import Commit, Observed
from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.stores.documents.lance_commit import properties, stamp_of
from mixpeek_orchestration.stores.documents.lance_errors import is_missing, translated
from mixpeek_orchestration.stores.documents.lance_tables import LanceTables

_FORGOTTEN = "Forgotten"
"""A version whose transaction a clean-up has removed."""


class LanceRepair:
    """Implements `TableRepair` on the tables of a store."""

    def __init__(self, tables: LanceTables) -> None:
        self._tables = tables

    def observe(self, table: str, *, since: int = 0) -> Observed:
        """The table as it lies in the store now, with its commits from version `since` on."""
        with translated(table):
            dataset = self._tables.reopened(table)
            if dataset is None:
                return Observed()
            commits = (_commit(dataset, version) for version in _versions(dataset, since))
            return Observed(
                version=dataset.version,
                rows=dataset.count_rows(),
                commits=tuple(commit for commit in commits if commit is not None),
                broken=tuple(f.fragment_id for f in dataset.get_fragments() if not self._is_whole(table, f)),
                indexes={index.name: index.index_type for index in dataset.describe_indices()},
            )

    def restore(self, table: str, version: int, *, stamp: Stamp) -> None:
        """A new version with the content of an older one."""
        self._commit(table, lance.LanceOperation.Restore(version), stamp)

    def prune(self, table: str, fragments: AnyOf[int], *, stamp: Stamp) -> None:
        """A new version without some fragments."""
        self._commit(table, lance.LanceOperation.Delete([], list(fragments), "their files are gone"), stamp)

    def _commit(self, table: str, operation: lance.LanceOperation.BaseOperation, stamp: Stamp) -> None:
        with translated(table):
            dataset = self._tables.reopened(table)
            if dataset is None:
                raise Broken(f"Table {table} is gone.", table=table)
            change = Transaction(dataset.version, operation, transaction_properties=properties(stamp))
            lance.LanceDataset.commit(dataset, change, max_retries=0)

    def _is_whole(self, table: str, fragment: LanceFragment) -> bool:
        """Whether the files of a fragment are there; of a store that is no folder one row is read to see it."""
        if "://" in self._tables.uri:
            return _can_be_read(fragment)
        root = Path(self._tables.path(table))
        files = [root / "data" / file.path for file in fragment.metadata.files]
        deletions = fragment.deletion_file()
        return all(file.exists() for file in [*files, *([root / deletions] if deletions else [])])


def _can_be_read(fragment: LanceFragment) -> bool:
    try:
        fragment.to_table(columns=[DOCUMENT_ID], limit=1)
    except (OSError, ValueError):
        return False
    return True


def _versions(dataset: lance.LanceDataset, since: int) -> Iterable[int]:
    """The versions from one on. Listing them reads every manifest of the table, which a few do not need."""
    if since:
        return range(since, dataset.version + 1)
    return sorted(int(entry["version"]) for entry in dataset.versions())


def _commit(dataset: lance.LanceDataset, version: int) -> Commit | None:
    """What made a version; `None` for one that a clean-up has removed."""
    try:
        transaction = dataset.read_transaction(version)
    except (OSError, ValueError) as error:
        if is_missing(error):
            return None
        raise
    except TypeError:
        # pylance 14.0.2 cannot build the record of a compaction that rewrote an index as well.
        return Commit(version, "", "Rewrite", is_ours=False)
    if transaction is None:
        return Commit(version, "", _FORGOTTEN, is_ours=False)
    operation = type(transaction.operation).__name__
    return Commit(version, transaction.uuid, operation, is_ours=stamp_of(transaction) is not None)
