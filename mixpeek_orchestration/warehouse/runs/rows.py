"""The rows of a commit: extracted columns, carried columns and lineage, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Collection as AnyOf
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.change import input_digests
from mixpeek_orchestration.core.fingerprint import LENGTH, canonical_json, plain
from mixpeek_orchestration.core.identity import document_id
from mixpeek_orchestration.warehouse.runs.items import LoadedItem
from mixpeek_orchestration.warehouse.runs.positions import position_keys


def commit_rows(
    extracted: pa.Table,
    loaded: Mapping[str, LoadedItem],
    *,
    collection_id: str,
    extractor_id: str,
    code_fp: str,
    batch_of: Mapping[str, str],
    carried_types: Mapping[str, str],
    partial: AnyOf[str],
    moment: str,
    position_fields: Sequence[str] = (),
) -> pa.Table:
    """The extracted rows (with `_source_item` and `_position`) as the document store takes them.

    Rows of `partial` items name no code: should their outcome be lost in a crash, they are extracted again.
    """
    items = extracted.column(document.SOURCE_ITEM).to_pylist()
    positions = extracted.column(document.POSITION).to_pylist()
    sources = [loaded[item] for item in items]
    payload = extracted.drop_columns([document.SOURCE_ITEM, document.POSITION])
    carried = {
        name: pa.array([source.carried.get(name) for source in sources], pa.type_for_alias(_alias(kind)))
        for name, kind in carried_types.items()
    }
    columns = {name: payload.column(name) for name in payload.column_names if name not in carried} | carried
    lineage: dict[str, pa.Array] = {
        document.DOCUMENT_ID: _strings(
            document_id(collection_id, item, key)
            for item, key in zip(
                items, position_keys(items, positions, payload, position_fields), strict=True
            )
        ),
        document.SOURCE_ITEM: _strings(items),
        document.POSITION: pa.array(positions, pa.int32()),
        document.ROOT_OBJECT: _strings(source.root_object for source in sources),
        document.ROOT_BUCKET: _strings(source.root_bucket for source in sources),
        document.SOURCE_COLLECTION: _strings(source.source_collection for source in sources),
        document.BATCH: _strings(batch_of.get(source.root_object, "") for source in sources),
        document.EXTRACTOR: _strings([extractor_id] * len(items)),
        document.SOURCE_FP: _strings(source.source_fp for source in sources),
        document.INPUT_FP: _strings(source.input_fp for source in sources),
        document.PASS_FP: _strings(source.pass_fp for source in sources),
        document.CODE_FP: _strings("" if item in partial else code_fp for item in items),
        document.CONTENT_FP: _strings(content_fps(columns, len(items))),
        document.MIME_TYPE: _strings(source.mime_type for source in sources),
        document.CREATED_AT: _strings([moment] * len(items)),
        document.UPDATED_AT: _strings([moment] * len(items)),
    }
    return pa.table({**lineage, document.INPUT_DIGESTS: _strings(_digests(sources)), **columns})


def _digests(sources: Sequence[LoadedItem]) -> Iterator[str]:
    """What each row was made of, field by field; all rows of an item were made of the same."""
    of_item: dict[str, str] = {}
    for source in sources:
        item = source.source.item
        if item not in of_item:
            of_item[item] = canonical_json(input_digests(source.source.rows))
        yield of_item[item]


def patched_rows(
    rows: pa.Table,
    loaded: Mapping[str, LoadedItem],
    *,
    extracted: AnyOf[str],
    carried_types: Mapping[str, str],
    moment: str,
) -> pa.Table:
    """Existing rows with carried fields and source fingerprints renewed; the `extracted` columns stay as they are.

    A carried field that the source no longer has becomes null.
    """
    sources = [loaded[item] for item in rows.column(document.SOURCE_ITEM).to_pylist()]
    renewed = {
        name: rows.column(name)
        if name in extracted or document.is_reserved(name)
        else pa.nulls(rows.num_rows, rows.schema.field(name).type)
        for name in rows.column_names
    }
    for name, kind in carried_types.items():
        renewed[name] = pa.array(
            [source.carried.get(name) for source in sources], pa.type_for_alias(_alias(kind))
        )
    payload = {name: column for name, column in renewed.items() if not document.is_reserved(name)}
    renewed |= {
        document.SOURCE_FP: _strings(source.source_fp for source in sources),
        document.PASS_FP: _strings(source.pass_fp for source in sources),
        document.CONTENT_FP: _strings(content_fps(payload, rows.num_rows)),
        document.UPDATED_AT: _strings([moment] * rows.num_rows),
    }
    return pa.table(renewed)


def content_fps(columns: Mapping[str, Any], length: int) -> list[str]:
    """A fingerprint per row over everything that a next tier could read of it; vectors by their bytes."""
    vectors = {name: _vector_bytes(column) for name, column in columns.items() if _is_vector(column)}
    values = {name: column.to_pylist() for name, column in columns.items() if name not in vectors}
    names = sorted(values)
    prints = []
    for index in range(length):
        state = hashlib.sha256(
            canonical_json([[name, plain(values[name][index])] for name in names]).encode()
        )
        for name in sorted(vectors):
            state.update(name.encode())
            state.update(vectors[name][index])
        prints.append(state.hexdigest()[:LENGTH])
    return prints


def _is_vector(column: Any) -> bool:
    return bool(pa.types.is_fixed_size_list(column.type))


def _vector_bytes(column: Any) -> list[bytes]:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    width = array.type.list_size
    matrix = array.flatten().to_numpy(zero_copy_only=False).reshape(-1, width) if len(array) else []
    if len(matrix) != len(array):
        return [canonical_json(value).encode() for value in array.to_pylist()]
    return [row.tobytes() for row in matrix]


def _strings(values: Any) -> pa.Array:
    return pa.array(list(values), pa.string())


def _alias(kind: str) -> str:
    return {"double": "float64", "large_string": "string"}.get(kind, kind)


def split_by_item(rows: pa.Table, items: Sequence[str]) -> dict[str, int]:
    """How many rows each item has; items without rows count 0."""
    counts = dict.fromkeys(items, 0)
    for item in rows.column(document.SOURCE_ITEM).to_pylist():
        counts[item] += 1
    return counts
