"""Documents in memory: the twin for tests and for trying things out. Every version of a table is kept."""

from __future__ import annotations

import threading
from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.dataset import Dataset
from pyarrow.dataset import dataset as in_memory

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.document import DOCUMENT_ID, SOURCE_ITEM
from mixpeek_orchestration.core.errors import InvalidInput, NotFound
from mixpeek_orchestration.core.ports.documents import CommitResult, Stamp
from mixpeek_orchestration.stores.documents import frames
from mixpeek_orchestration.stores.documents.answers import answered, check_query, empty_answer, with_scores
from mixpeek_orchestration.stores.documents.memory_repair import MemoryRepair
from mixpeek_orchestration.stores.documents.memory_upkeep import History, MemoryUpkeep
from mixpeek_orchestration.stores.documents.rows import (
    checked,
    conformed,
    is_vector,
    lineage_schema,
    new_fields,
    no_rows,
)

_Floats = npt.NDArray[np.float32]


class MemoryDocumentStore:
    """Implements `DocumentStore` without a file."""

    def __init__(self) -> None:
        self._versions: dict[str, History] = {}
        self._lock = threading.Lock()
        self.upkeep = MemoryUpkeep(self._versions)
        self.repair = MemoryRepair(self._versions)

    def __getstate__(self) -> dict[str, Any]:
        return {"_versions": self._versions, "upkeep": self.upkeep, "repair": self.repair}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def commit(self, table: str, rows: pa.Table, *, items: Sequence[str], stamp: Stamp) -> CommitResult:
        rows = checked(rows, items)
        with self._lock:
            history = self._versions.get(table, [])
            before = self._at(table, None) if history else pa.schema([]).empty_table()
            after, deleted = _replaced(before, rows, items)
            if rows.num_rows or deleted:
                self._versions[table] = [*history, (after, stamp)]
            return CommitResult(len(self._versions.get(table, [])), rows.num_rows, deleted)

    def version(self, table: str) -> int:
        return len(self._versions.get(table, ()))

    def stamp(self, table: str) -> Stamp | None:
        newest = self._versions.get(table, [None])[-1]
        return newest[1] if newest else None

    def state(self, table: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        return frames.state_frame(self._at(table, None), roots)

    def upstream(self, table: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        return frames.upstream_frame(self._at(table, None), roots)

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
        if not self.version(table):
            return no_rows(columns)
        rows = _where(self._at(table, version), where).sort_by(DOCUMENT_ID)
        return _project(rows, columns).slice(offset, limit)

    def dataset(self, table: str, version: int | None = None) -> Dataset:
        return in_memory(self._at(table, version) if self.version(table) else lineage_schema().empty_table())

    def by_ids(
        self, table: str, column: str, values: Sequence[str], *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        if not self.version(table):
            return no_rows(columns)
        rows = self._at(table, None)
        return _project(rows.filter(_is_in(rows[column], values)), columns)

    def count(self, table: str, *, where: str | None = None, version: int | None = None) -> int:
        return len(_where(self._at(table, version), where))

    def columns(self, table: str) -> Mapping[str, str]:
        return {f.name: str(f.type) for f in self._at(table, None).schema} if self.version(table) else {}

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
        rows = self._at(table, version)
        if not self.version(table):
            return empty_answer(rows.schema)
        check_query(rows.schema, vector, query)
        rows = _where(rows, where)
        rows = rows.filter(pc.is_valid(rows[vector.column]))
        shown = [field.name for field in answered(rows.schema)]
        distances = _distances(rows, vector, np.asarray(query, np.float32))
        found = rows.select(shown).append_column("_distance", pa.array(distances, pa.float32()))
        nearest = found.take(pa.array(np.argsort(distances, kind="stable")[:k]))
        return with_scores(nearest.filter(pc.is_finite(nearest["_distance"])), vector.distance)

    def drop(self, table: str) -> None:
        self._versions.pop(table, None)
        self.upkeep.forget(table)

    def _at(self, table: str, version: int | None) -> pa.Table:
        history = self._versions.get(table)
        if not history:
            return lineage_schema().empty_table()
        number = len(history) if version is None else version
        entry = history[number - 1] if 1 <= number <= len(history) else None
        if entry is None:
            raise NotFound(f"Table {table} has no version {version}.", field="version", value=version)
        return entry[0]


def _replaced(before: pa.Table, rows: pa.Table, items: Sequence[str]) -> tuple[pa.Table, int]:
    """The table after a commit, and how many documents it no longer has."""
    if not rows.num_rows and not before.num_columns:
        return before, 0
    schema = pa.schema([*before.schema, *(new_fields(rows, before.schema) if rows.num_rows else ())])
    rows = conformed(rows, schema)
    before = conformed(before, schema) if before.num_columns else schema.empty_table()
    of_items = _is_in(before[SOURCE_ITEM], items)
    written = _is_in(before[DOCUMENT_ID], rows[DOCUMENT_ID].to_pylist())
    deleted = before.filter(pc.and_(of_items, pc.invert(written))).num_rows
    return pa.concat_tables([before.filter(pc.invert(pc.or_(of_items, written))), rows]), deleted


def _is_in(column: pa.ChunkedArray, values: Sequence[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array(list(values), pa.string()))


def _project(rows: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    return rows if columns is None else rows.select(list(columns))


def _where(rows: pa.Table, where: str | None) -> pa.Table:
    if where is None:
        return rows
    plain = rows.select([field.name for field in rows.schema if not is_vector(field)])
    try:
        frame = pl.DataFrame(pl.from_arrow(plain))
        mask = frame.select(pl.sql_expr(where).fill_null(False).alias("mask"))["mask"]
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"The filter cannot be used: {error}.", field="where", value=where) from error
    return rows.filter(mask.to_arrow())


def _distances(rows: pa.Table, vector: VectorIndex, query: _Floats) -> _Floats:
    """Distances as Lance counts them."""
    column = rows[vector.column].combine_chunks()
    matrix: _Floats = np.asarray(column.flatten()).reshape(len(column), len(query))
    if vector.distance == "euclid":
        squared: _Floats = ((matrix - query) ** 2).sum(axis=1)
        return squared
    products: _Floats = matrix @ query
    if vector.distance == "dot":
        return np.subtract(1.0, products, dtype=np.float32)
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
    with np.errstate(divide="ignore", invalid="ignore"):
        similarity: _Floats = products / norms
    return np.subtract(1.0, similarity, dtype=np.float32)
