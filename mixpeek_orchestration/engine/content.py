"""The rows that a pipeline starts from: source items put into an envelope, then their content loaded in the worker."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from mixpeek_orchestration.core.errors import Broken, InvalidInput
from mixpeek_orchestration.core.failure import item_error
from mixpeek_orchestration.core.identity import document_id
from mixpeek_orchestration.core.ports.extraction import ExtractionJob, InputRow, SourceItem
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.transience import is_transient_error
from mixpeek_orchestration.engine.envelope import Rows, enclose, gather, spread, with_errors
from mixpeek_orchestration.engine.older_content import older_content
from mixpeek_orchestration.engine.patience import in_rounds
from mixpeek_orchestration.extractors.columns import from_values

LOAD = "load"
"""The name under which failures to load content are recorded."""

CONTENT = (
    "data",
    "document_id",
    "object_id",
    "blob_id",
    "blob_type",
    "blob_property",
    "mime_type",
    "size_bytes",
)
CONSTANT = ("collection_id", "feature_extractor_id")
INTERNAL = ("_row", "_touched", "_skipped")
"""`_row`: the row of the source item that a row comes from. `_touched`: a step has worked on it. `_skipped`: a step
has passed it over because of its condition."""

_LOADERS = 8
_StoredRow = tuple[int, dict[str, Any]]
"""The place of a row, and what says where its content lies."""


def enclose_items(items: Sequence[SourceItem], job: ExtractionJob) -> pa.Table:
    """An envelope of source items whose content is still in the object store."""
    owned = [
        (place, item, number, row) for place, item in enumerate(items) for number, row in enumerate(item.rows)
    ]
    rows = [row for *_, row in owned]
    columns = {
        "data": pa.array([row.text for row in rows], pa.string()),
        "_content": pa.array([row.content_hash for row in rows], pa.string()),
        "document_id": pa.array(
            [document_id(job.collection_id, item.item, number) for _, item, number, _ in owned], pa.string()
        ),
        "object_id": pa.array([item.object_id for _, item, _, _ in owned], pa.string()),
        "blob_id": pa.array([row.blob_id for row in rows], pa.string()),
        "blob_type": pa.array([row.blob_type for row in rows], pa.string()),
        "blob_property": pa.array([row.blob_property for row in rows], pa.string()),
        "mime_type": pa.array([row.mime_type for row in rows], pa.string()),
        "size_bytes": pa.array([row.size_bytes for row in rows], pa.int64()),
        "_row": pa.array([number for _, _, number, _ in owned], pa.int64()),
        "_touched": pa.array(np.zeros(len(rows), dtype=bool)),
        "_skipped": pa.array(np.zeros(len(rows), dtype=bool)),
        **_given_fields(rows, job.description.input_fields),
    }
    owner = np.fromiter((place for place, *_ in owned), dtype=np.int64, count=len(owned))
    return enclose([item.item for item in items], Rows(pa.table(columns), owner))


def _given_fields(rows: Sequence[InputRow], input_fields: Sequence[str]) -> dict[str, pa.Array]:
    return {
        name: from_values([row.fields.get(name) for row in rows])
        for name in input_fields
        if name not in CONTENT and any(name in row.fields for row in rows)
    }


@dataclass
class Loader:
    """Fills `data` and its aliases in a worker. The object store is opened once, when the first row needs it."""

    job: ExtractionJob
    _objects: ObjectStore | None = None

    def load(self, envelope: pa.Table) -> pa.Table:
        """The envelope with content: text in `data`, a URL there for everything else. What cannot be read is an
        error of its row."""
        rows = spread(envelope)
        data, failed = self._contents(rows.table)
        table = _with_column(rows.table, "data", pa.array(data, pa.string()))
        table, unread = self._with_older(table)
        failed = {**unread, **failed}
        items, numbers = envelope.column("item").to_pylist(), rows.table.column("_row").to_pylist()
        errors = [
            item_error(items[rows.owner[place]], LOAD, error, row=numbers[place])
            for place, error in sorted(failed.items())
        ]
        loaded = np.ones(len(data), dtype=bool)
        loaded[list(failed)] = False
        table = self._aliased(table.drop_columns(["_content"]))
        return with_errors(gather(envelope, Rows(table, rows.owner).keep(loaded)), errors)

    def _with_older(self, table: pa.Table) -> tuple[pa.Table, dict[int, Exception]]:
        """With the columns that older packages read, and by place what could not be read for them."""
        ours = {*CONTENT, *CONSTANT, *INTERNAL}  # parameters can name columns, but not take these
        names = [name for name in self.job.description.older_columns if name not in ours]
        if not names:
            return table, {}
        rows = table.select(["data", "_content", "blob_type", "mime_type"]).to_pylist()
        columns, failed = older_content(rows, names, lambda address: self._store.get(address))
        for name, column in columns.items():
            table = _with_column(table, name, column)
        return table, failed

    def _contents(self, table: pa.Table) -> tuple[list[str | None], dict[int, Exception]]:
        """The content of every row, and by place what went wrong. Stored content is read by several threads."""
        data: list[str | None] = table.column("data").to_pylist()
        missing = [place for place, text in enumerate(data) if text is None]
        failed: dict[int, Exception] = {}
        if missing:
            columns = table.select(["_content", "blob_type", "mime_type"]).take(pa.array(missing)).to_pylist()
            in_rounds(
                self.job.patience,
                list(zip(missing, columns, strict=True)),
                lambda rows, is_last: self._read(rows, data, failed, is_last=is_last),
            )
        return data, failed

    def _read(
        self,
        rows: Sequence[_StoredRow],
        data: list[str | None],
        failed: dict[int, Exception],
        *,
        is_last: bool,
    ) -> list[_StoredRow]:
        """Read these rows into `data` and `failed`; those that may be read later are given back before the last round."""
        read = _caught(self._stored_content)
        each = math.ceil(len(rows) / _LOADERS)  # handing over one row costs more than reading it from a disk
        with ThreadPoolExecutor(_LOADERS) as threads:
            shares = threads.map(
                lambda share: [read(row) for _, row in share],
                [rows[start : start + each] for start in range(0, len(rows), each)],
            )
            found = [content for share in shares for content in share]
        later = []
        for (place, row), content in zip(rows, found, strict=True):
            if not isinstance(content, Exception):
                data[place] = content
            elif not is_last and is_transient_error(content):
                later.append((place, row))
            else:
                failed[place] = content
        return later

    def _stored_content(self, row: dict[str, Any]) -> str:
        if row["_content"] is None:
            raise InvalidInput("The row has neither text nor stored content.", field="data")
        if not _is_text(row):
            return self._store.url(row["_content"])
        try:
            return self._store.get(row["_content"]).decode()
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"The content is declared as {row['mime_type']} but is not UTF-8 text: {error.reason} at byte {error.start}.",
                field="data",
                fix="Store it as UTF-8, or give it the MIME type that it has.",
            ) from error

    @property
    def _store(self) -> ObjectStore:
        if self._objects is None:
            if self.job.open_objects is None:
                raise Broken(
                    "A row has stored content, but the job does not say how to open the object store."
                )
            self._objects = self.job.open_objects(self.job.object_store)
        return self._objects

    def _aliased(self, table: pa.Table) -> pa.Table:
        """With a column per field of the input schema: what the source gave it, else the content itself."""
        description = self.job.description
        fields = [name for name in description.input_fields if name not in description.older_columns]
        data, properties, types = (
            table.column(name).to_pylist() for name in ("data", "blob_property", "blob_type")
        )
        for name in fields:
            if name in CONTENT:
                continue
            takes_data = [
                name in (prop, kind) or len(fields) == 1 for prop, kind in zip(properties, types, strict=True)
            ]
            given = table.column(name).to_pylist() if name in table.column_names else [None] * table.num_rows
            merged = [
                text if value is None and takes else value
                for value, text, takes in zip(given, data, takes_data, strict=True)
            ]
            table = _with_column(table, name, from_values(merged))
        return table


def _with_column(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.append_column(name, column) if place < 0 else table.set_column(place, name, column)


def _is_text(row: dict[str, Any]) -> bool:
    return row["blob_type"] == "text" or (row["mime_type"] or "").startswith("text/")


def _caught(function: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], str | Exception]:
    def call(row: dict[str, Any]) -> str | Exception:
        try:
            return function(row)
        except Broken:
            raise
        except Exception as error:  # noqa: BLE001 - recorded as the error of this row
            return error

    return call
