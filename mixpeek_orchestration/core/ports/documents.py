"""The port to tables of documents."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.ports.repair import TableRepair
from mixpeek_orchestration.core.ports.upkeep import TableUpkeep

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from pyarrow.dataset import Dataset


@dataclass(frozen=True)
class Stamp:
    """What a commit is marked with in the table itself, so that it can be told from a stranger's."""

    batch_id: str
    code_fp: str
    run_id: str = ""


@dataclass(frozen=True)
class CommitResult:
    """The table version after a commit, and how many rows it wrote and removed."""

    version: int
    rows_written: int
    rows_deleted: int


class DocumentStore(Protocol):
    """Tables of documents. A table is created by its first commit; one that is not there reads as empty.

    Rows are Arrow tables with the columns of `core.document.LINEAGE` first; vectors are fixed-size float32 lists.
    """

    upkeep: TableUpkeep
    repair: TableRepair

    def commit(self, table: str, rows: pa.Table, *, items: Sequence[str], stamp: Stamp) -> CommitResult:
        """Replace all rows of the source items named in `items` with `rows`, in one atomic commit.

        Every row must belong to one of `items`; an item without rows loses the rows it had. Document ids are
        deduplicated (the last one wins). New columns are added to the table first. Raises `InvalidInput` for a
        column whose type differs from the table's, for a null key, and for a row of a foreign item.
        """

    def version(self, table: str) -> int:
        """The newest version, also when another process made it; 0 when there is no table."""

    def stamp(self, table: str) -> Stamp | None:
        """The stamp of the newest commit that changed rows, `None` without a table or when someone else made it. Upkeep
        changes none, so it is looked past."""

    def state(self, table: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        """One row per source item that has documents: `item`, `root_object`, `source_fp`, `input_fp`, `pass_fp`,
        `code_fp`; only those of the given root objects unless `roots` is `None`."""

    def upstream(self, table: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        """One row per document, as the next tier sees it: `item` (document id), `root_object`, `source_fp`
        (the document's `_content_fp`)."""

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
        """Rows in the order of document id. `where` is SQL over columns."""

    def dataset(self, table: str, version: int | None = None) -> Dataset:
        """One version of a table as an Arrow dataset, which reads what it is asked for; without rows for no table.
        Raises `NotFound` for a version that is gone."""

    def by_ids(
        self, table: str, column: str, values: Sequence[str], *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows whose `column` is one of `values`, in no particular order."""

    def count(self, table: str, *, where: str | None = None, version: int | None = None) -> int: ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Column names and their Arrow types as text; empty without a table."""

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
        """The `k` nearest rows, nearest first: their own fields without vectors, where they come from, and a `_score`
        column (higher is nearer; 1 - distance for cosine, -distance for euclid, the dot product for dot)."""

    def drop(self, table: str) -> None:
        """Remove a table; nothing happens when it is not there."""
