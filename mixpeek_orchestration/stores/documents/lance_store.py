"""The document store on LanceDB tables."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence

import lance
import polars as pl
import pyarrow as pa
from lance.dataset import ColumnOrdering
from pyarrow.dataset import Dataset
from pyarrow.dataset import dataset as in_memory

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.document import DOCUMENT_ID, ROOT_OBJECT
from mixpeek_orchestration.core.ports.documents import CommitResult, Stamp
from mixpeek_orchestration.stores.documents import frames, lance_commit
from mixpeek_orchestration.stores.documents.answers import answered, check_query, empty_answer, with_scores
from mixpeek_orchestration.stores.documents.lance_errors import translated
from mixpeek_orchestration.stores.documents.lance_tables import LanceTables
from mixpeek_orchestration.stores.documents.lance_upkeep import LanceUpkeep, last_stamp
from mixpeek_orchestration.stores.documents.observed import LanceRepair
from mixpeek_orchestration.stores.documents.rows import checked, lineage_schema, no_rows
from mixpeek_orchestration.stores.documents.scores import METRICS
from mixpeek_orchestration.stores.documents.sql import is_in

_FEW = 1_000
"""Up to so many root objects a filter is cheaper than reading all and joining."""

_REFINED = 4
_PROBES = 32
"""How many partitions of an index a search reads at least: all of them up to some 260,000 rows."""

_EXPLORED = 256
"""How many neighbours a search of a graph keeps in view at least."""


class LanceDocumentStore:
    """Implements `DocumentStore`. Handles are opened when used, kept, and left behind when pickled."""

    def __init__(self, uri: str, options: Mapping[str, str] | None = None) -> None:
        self._tables = LanceTables(uri, options or {})
        self.upkeep = LanceUpkeep(self._tables)
        self.repair = LanceRepair(self._tables)

    def __reduce__(self) -> tuple[type[LanceDocumentStore], tuple[str, dict[str, str]]]:
        return type(self), (self._tables.uri, self._tables.options)

    def commit(self, table: str, rows: pa.Table, *, items: Sequence[str], stamp: Stamp) -> CommitResult:
        rows = checked(rows, items)
        with translated(table):
            dataset = self._tables.newest(table)
            if dataset is not None:
                done = lance_commit.replace_items(dataset, rows, items, stamp)
            elif rows.num_rows:
                options = self._tables.options or None
                done = lance_commit.create(self._tables.path(table), rows, stamp, options)
            else:
                return CommitResult(version=0, rows_written=0, rows_deleted=0)
        return CommitResult(done.dataset.version, rows.num_rows, done.deleted)

    def version(self, table: str) -> int:
        with translated(table):
            dataset = self._tables.newest(table)
            return dataset.version if dataset is not None else 0

    def stamp(self, table: str) -> Stamp | None:
        with translated(table):
            dataset = self._tables.own(table)
            return None if dataset is None else last_stamp(dataset)

    def state(self, table: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        return frames.state_frame(self._planned(table, frames.STATE, roots), roots)

    def upstream(self, table: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        return frames.upstream_frame(self._planned(table, frames.UPSTREAM, roots), roots)

    def read(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        version: int | None = None,
    ) -> pa.Table:
        with translated(table, where=where), self._tables.reading(table, version) as dataset:
            if dataset is None:
                return no_rows(columns)
            shown = list(columns) if columns is not None else dataset.schema.names
            found = dataset.to_table(
                # Lance cannot order by a column that it does not read.
                columns=[*shown, *({DOCUMENT_ID} - set(shown))],
                filter=where,
                limit=limit,
                offset=offset or None,
                order_by=[ColumnOrdering(DOCUMENT_ID)],
            )
            return found.select(shown)

    def dataset(self, table: str, version: int | None = None) -> Dataset:
        with translated(table):
            return self._tables.at(table, version) or in_memory(lineage_schema().empty_table())

    def by_ids(
        self, table: str, column: str, values: Sequence[str], *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        with translated(table), self._tables.reading(table) as dataset:
            if dataset is None:
                return no_rows(columns)
            return dataset.to_table(columns=_listed(columns), filter=is_in(column, values))

    def count(self, table: str, *, where: str | None = None, version: int | None = None) -> int:
        with translated(table, where=where), self._tables.reading(table, version) as dataset:
            return dataset.count_rows(filter=where) if dataset is not None else 0

    def columns(self, table: str) -> Mapping[str, str]:
        with translated(table):
            dataset = self._tables.newest(table)
            return {f.name: str(f.type) for f in dataset.schema} if dataset is not None else {}

    def search(
        self,
        table: str,
        vector: VectorIndex,
        query: Sequence[float],
        *,
        k: int,
        where: str | None = None,
        version: int | None = None,
    ) -> pa.Table:
        with translated(table, where=where), self._tables.reading(table, version) as dataset:
            if dataset is None:
                return empty_answer(lineage_schema())
            check_query(dataset.schema, vector, query)
            if not dataset.get_fragments():
                return empty_answer(dataset.schema)
            return with_scores(_nearest(dataset, vector, query, k, where), vector.distance)

    def drop(self, table: str) -> None:
        with translated(table):
            self._tables.drop(table)

    def _planned(self, table: str, names: Mapping[str, str], roots: AnyOf[str] | None) -> pa.Table:
        where = is_in(ROOT_OBJECT, roots) if roots is not None and len(roots) <= _FEW else None
        with translated(table), self._tables.reading(table) as dataset:
            if dataset is None:
                return no_rows(list(names))
            return dataset.to_table(columns=list(names), filter=where)


def _listed(columns: Sequence[str] | None) -> list[str] | None:
    return None if columns is None else list(columns)


def _nearest(
    dataset: lance.LanceDataset, vector: VectorIndex, query: Sequence[float], k: int, where: str | None
) -> pa.Table:
    shown = [field.name for field in answered(dataset.schema)]
    nearest = {
        "column": vector.column,
        "q": pa.array(query, pa.float32()),
        "k": k,
        "metric": METRICS[vector.distance],
        # Only what an index answers needs these: its distances are those of rounded vectors until they are refined.
        "refine_factor": _REFINED,
        "minimum_nprobes": _PROBES,
        "ef": max(_EXPLORED, 2 * k * _REFINED),
    }
    return dataset.to_table(columns=[*shown, "_distance"], filter=where, nearest=nearest, prefilter=True)
