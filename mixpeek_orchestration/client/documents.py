"""The documents of a collection at one table version, read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from pyarrow.compute import Expression
    from pyarrow.dataset import Dataset, Scanner

_BATCH_ROWS = 8_192


@dataclass(frozen=True)
class Documents:
    """What one version of a collection's table holds, a row per document. `version` and `generation` name it for good;
    a version can be read again until retention removes it.

    `select`, `where` and `limit` give narrower ones, and read nothing. Every way to read takes all of them into
    account, and asks the storage for no more than that.
    """

    dataset: Dataset
    version: int
    generation: int
    columns: tuple[str, ...] | None = None
    condition: str | Expression | None = None
    rows: int | None = None

    def select(self, *columns: str) -> Self:
        """Only these columns; raises `KeyError` for one that there is not."""
        missing = [name for name in columns if name not in self.dataset.schema.names]
        if missing:
            raise KeyError(
                f"There is no column {missing[0]!r}; there are {', '.join(self.dataset.schema.names)}."
            )
        return replace(self, columns=columns)

    def where(self, condition: str | Expression) -> Self:
        """Only rows that meet a condition: SQL over columns (`"words > 3"`), or an Arrow expression. It replaces an
        earlier one."""
        return replace(self, condition=condition)

    def limit(self, rows: int) -> Self:
        """At most so many rows, whichever come first."""
        return replace(self, rows=rows)

    @property
    def schema(self) -> pa.Schema:
        """The columns with their types."""
        shown = self.columns or self.dataset.schema.names
        return pa.schema([self.dataset.schema.field(name) for name in shown])

    def count(self) -> int:
        """How many documents there are; no column is read for it but those of the condition."""
        found = int(self.dataset.count_rows(filter=self.condition))
        return found if self.rows is None else min(found, self.rows)

    def batches(self) -> pa.RecordBatchReader:
        """The documents piece by piece: for what does not fit into memory."""
        return self._scanner().to_reader()

    def to_arrow(self) -> pa.Table:
        return self._scanner().to_table()

    def to_pandas(self) -> pd.DataFrame:
        """A frame whose columns are backed by Arrow, so that types and nulls stay what they are."""
        import pandas as pd

        return self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)

    def to_polars(self) -> pl.DataFrame:
        import polars as pl

        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def lazy(self) -> pl.LazyFrame:
        """A polars query over the table: the columns and conditions that it needs are all that is read."""
        import polars as pl

        if self.condition is not None or self.rows is not None:
            return self.to_polars().lazy()
        scanned = pl.scan_pyarrow_dataset(self.dataset, batch_size=_BATCH_ROWS)
        return scanned.select(self.schema.names)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.batches().__arrow_c_stream__(requested_schema)

    def _scanner(self) -> Scanner:
        limit = {} if self.rows is None else {"limit": self.rows}
        names: Sequence[str] = self.schema.names
        return self.dataset.scanner(
            columns=list(names), filter=self.condition, batch_size=_BATCH_ROWS, **limit
        )
