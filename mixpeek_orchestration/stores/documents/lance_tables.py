"""Open tables: one handle a table, exchanged for a newer one as soon as any process has committed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import lance

from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.stores.documents.lance_errors import is_missing, removed
from mixpeek_orchestration.stores.documents.lance_traces import TableFiles


class LanceTables:
    """The tables under one folder or URL, in the layout in which LanceDB finds them too.

    A handle that was given out never moves to another version, so that several reads of one answer agree.
    """

    def __init__(self, uri: str, options: Mapping[str, str]) -> None:
        self.uri = uri.rstrip("/")
        self.options = dict(options)
        self._open: dict[str, lance.LanceDataset] = {}

    def path(self, table: str) -> str:
        return f"{self.uri}/{table}.lance"

    def files(self, table: str) -> TableFiles:
        """The files below the table."""
        return TableFiles(self.path(table), self.options)

    def newest(self, table: str) -> lance.LanceDataset | None:
        """The newest version, `None` when there is no table."""
        handle = self._open.get(table)
        try:
            if handle is None:
                handle = lance.dataset(self.path(table), storage_options=self.options or None)
            elif handle.latest_version != handle.version:
                handle = handle.checkout_version(handle.latest_version)
        except (ValueError, OSError) as error:
            self._open.pop(table, None)
            if is_missing(error):
                return None
            raise
        self._open[table] = handle
        return handle

    def own(self, table: str) -> lance.LanceDataset | None:
        """The newest version on a handle that nobody else has: for what moves a handle, and for what Lance refuses to do
        beside another thread's call (it borrows the handle: reading a transaction, compacting, indexing)."""
        handle = self.newest(table)
        return None if handle is None else handle.checkout_version(handle.version)

    def reopened(self, table: str) -> lance.LanceDataset | None:
        """As `own`, read anew: also when the table was exchanged for another one with as many versions."""
        self._open.pop(table, None)
        return self.own(table)

    def at(self, table: str, version: int | None) -> lance.LanceDataset | None:
        """A pinned version, the newest for `None`; raises `NotFound` for a version that is gone."""
        newest = self.newest(table)
        if newest is None or version is None or version == newest.version:
            return newest
        try:
            return newest.checkout_version(version)
        except (ValueError, OSError) as error:
            if not is_missing(error):
                raise
            raise NotFound(
                f"Table {table} has no version {version}.", field="version", value=version
            ) from error

    @contextmanager
    def reading(self, table: str, version: int | None = None) -> Iterator[lance.LanceDataset | None]:
        """What `at` gives. A file that is missing because the whole version was removed meanwhile is told as `NotReady`;
        any other one stays what it is, damage."""
        dataset = self.at(table, version)
        try:
            yield dataset
        except (ValueError, OSError) as error:
            if dataset is None or not is_missing(error) or self._has(table, dataset.version):
                raise
            raise removed(table, dataset.version) from error

    def _has(self, table: str, version: int) -> bool:
        """Whether a version is there, asked of the files and not of what was read before."""
        try:
            lance.dataset(self.path(table), version=version, storage_options=self.options or None)
        except (ValueError, OSError) as error:
            if is_missing(error):
                return False
            raise
        return True

    def names(self) -> list[str]:
        """The tables that are there."""
        if "://" not in self.uri:
            return sorted(path.stem for path in Path(self.uri).glob("*.lance") if path.is_dir())
        import lancedb

        database = lancedb.connect(self.uri, storage_options=self.options or None)
        found: list[str] = []
        # `table_names` pages; an empty page ends it.
        while page := list(database.table_names(page_token=found[-1] if found else None, limit=100)):
            found += page
        return sorted(found)

    def drop(self, table: str) -> None:
        """Remove the table, and what a creation that was killed left; nothing happens when there is neither."""
        if self.newest(table) is not None:
            lance.LanceDataset.drop(self.path(table), self.options or None, ignore_not_found=True)
        self._open.pop(table, None)
        # Lance drops nothing that has no version.
        if "://" in self.uri:
            self.files(table).remove()
        elif (leftovers := Path(self.path(table))).exists():
            shutil.rmtree(leftovers)
