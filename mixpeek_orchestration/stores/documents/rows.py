"""Rows on their way into a table: checked, deduplicated, and brought to the table's types without loss."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mixpeek_orchestration.core.document import DOCUMENT_ID, LINEAGE, POSITION, SOURCE_ITEM
from mixpeek_orchestration.core.errors import InvalidInput

_PRIMARY_KEY = {"lance-schema:unenforced-primary-key": "true"}
_KEYS = (DOCUMENT_ID, SOURCE_ITEM)


def lineage_schema() -> pa.Schema:
    """The columns that every table has."""
    return pa.schema([_field(name, pa.int32() if name == POSITION else pa.string()) for name in LINEAGE])


def no_rows(columns: Sequence[str] | None = None) -> pa.Table:
    """What is read of a table that is not there: the lineage columns, or those asked for."""
    known = lineage_schema()
    if columns is None:
        return known.empty_table()
    fields = [known.field(name) if name in LINEAGE else pa.field(name, pa.null()) for name in columns]
    return pa.schema(fields).empty_table()


def checked(rows: pa.Table, items: AnyOf[str]) -> pa.Table:
    """The rows in plain types, one per document id (the last one wins).

    Raises `InvalidInput` for a missing lineage column, a null key, or a row of an item that is not in `items`.
    A column whose type is not known yet (nothing but nulls) is left out: it reads as null all the same.
    """
    if rows.num_rows == 0:
        return lineage_schema().empty_table()
    _refuse_missing_columns(rows)
    rows = _in_plain_types(rows)
    _refuse_null_keys(rows)
    _refuse_foreign_items(rows, items)
    return _last_of_each(rows)


def conformed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows with exactly the columns and types of `schema`; a column that they do not have is null.

    Raises `InvalidInput` naming every column that would lose something on the way.
    """
    names = set(rows.column_names)
    columns, refused = [], []
    for field in schema:
        if field.name not in names:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        column = _cast(rows[field.name], field.type)
        columns.append(column)
        if column is None:
            refused.append((field.name, rows.schema.field(field.name).type, field.type))
    if refused:
        raise _type_error(refused)
    return pa.table(columns, schema=schema)


def new_fields(rows: pa.Table, schema: pa.Schema) -> list[pa.Field]:
    """The columns of `rows` that a table with `schema` lacks."""
    known = set(schema.names)
    return [_field(field.name, field.type) for field in rows.schema if field.name not in known]


def is_vector(field: pa.Field) -> bool:
    """Whether the column holds embeddings: those are never part of an answer."""
    return bool(pa.types.is_fixed_size_list(field.type) and pa.types.is_floating(field.type.value_type))


def _field(name: str, type_: pa.DataType) -> pa.Field:
    if name == DOCUMENT_ID:
        return pa.field(name, type_, nullable=False, metadata=_PRIMARY_KEY)
    return pa.field(name, type_)


def _refuse_missing_columns(rows: pa.Table) -> None:
    missing = [name for name in LINEAGE if name not in rows.column_names]
    if missing:
        raise InvalidInput(
            f"Rows of documents lack {', '.join(missing)}.",
            field=missing[0],
            fix="Write every lineage column, null where it does not apply.",
        )
    if len(set(rows.column_names)) != rows.num_columns:
        twice = sorted({name for name in rows.column_names if rows.column_names.count(name) > 1})
        raise InvalidInput(f"Columns given twice: {', '.join(twice)}.", field=twice[0])


def _in_plain_types(rows: pa.Table) -> pa.Table:
    wanted = lineage_schema()
    typed = [field for field in rows.schema if field.name in LINEAGE or _is_typed(field.type)]
    fields = [
        wanted.field(field.name) if field.name in LINEAGE else pa.field(field.name, _plain(field.type))
        for field in typed
    ]
    # Keys may still hold nulls here; they are refused by name, not by Arrow.
    lenient = pa.schema([field.with_nullable(True) for field in fields])
    return conformed(rows, lenient)


def _is_typed(type_: pa.DataType) -> bool:
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return _is_typed(type_.value_type)
    return not pa.types.is_null(type_)


def _plain(type_: pa.DataType) -> pa.DataType:
    """The same type without the encodings that differ between Arrow producers."""
    if pa.types.is_dictionary(type_):
        return _plain(type_.value_type)
    if pa.types.is_large_string(type_) or type_ == pa.string_view():
        return pa.string()
    if pa.types.is_large_binary(type_) or type_ == pa.binary_view():
        return pa.binary()
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.list_(_plain(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(f.name, _plain(f.type)) for f in type_])
    return type_


def _refuse_null_keys(rows: pa.Table) -> None:
    for name in _KEYS:
        if rows[name].null_count:
            raise InvalidInput(
                f"{rows[name].null_count} rows have no {name}.", field=name, fix="Give every row its ids."
            )


def _refuse_foreign_items(rows: pa.Table, items: AnyOf[str]) -> None:
    own = pc.is_in(rows[SOURCE_ITEM], value_set=pa.array(list(items), pa.string()))
    foreign = rows.filter(pc.invert(own))[SOURCE_ITEM]
    if len(foreign):
        raise InvalidInput(
            f"{len(foreign)} rows belong to items that this commit does not replace.",
            field=SOURCE_ITEM,
            value=foreign[0].as_py(),
            fix="Name every item whose rows are written in `items`.",
        )


def _last_of_each(rows: pa.Table) -> pa.Table:
    ids = rows[DOCUMENT_ID]
    if pc.count_distinct(ids).as_py() == rows.num_rows:
        return rows
    last = {key: index for index, key in enumerate(ids.to_pylist())}
    return rows.take(pa.array(sorted(last.values())))


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray | None:
    """The column in another type, `None` when a value would not survive the way there and back."""
    if column.type == type_:
        return column
    if pa.types.is_null(column.type):
        return pa.chunked_array([pa.nulls(len(column), type_)])
    if _kind(column.type) != _kind(type_):
        return None
    try:
        cast = column.cast(type_)
        kept = cast.cast(column.type).equals(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return None
    return cast if kept else None


def _kind(type_: pa.DataType) -> str:
    """What a type holds, however it is encoded: a number never becomes a text because it could."""
    type_ = _plain(type_)
    if pa.types.is_integer(type_) or pa.types.is_floating(type_):
        return "number"
    if pa.types.is_list(type_) or pa.types.is_fixed_size_list(type_):
        return f"list of {_kind(type_.value_type)}"
    return f"type {type_.id}"


def _type_error(refused: list[tuple[str, pa.DataType, pa.DataType]]) -> InvalidInput:
    told = "; ".join(f"{name} is {seen}, the table has {wanted}" for name, seen, wanted in refused)
    name, seen, wanted = refused[0]
    return InvalidInput(
        f"Columns do not fit the table: {told}.",
        field=name,
        value=str(seen),
        fix=f"Write {name} as {wanted}, or fill a new generation.",
    )
