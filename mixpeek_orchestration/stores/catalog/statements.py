"""The few statements that SQLite and PostgreSQL spell differently, and reading many rows fast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, Connection, Select, Table, Text, cast, func, literal, select
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.elements import ColumnElement

from mixpeek_orchestration.stores.catalog.encoding import written


def among(connection: Connection, searched: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    """`searched IN (values)` with one bound parameter, however many values there are."""
    listed = literal(written(list(values)), Text)
    if connection.dialect.name == "sqlite":
        source = func.json_each(listed).table_valued("value", name="wanted")
    else:
        source = func.json_array_elements_text(cast(listed, JSON)).table_valued("value", name="wanted")
    return searched.in_(select(source.c.value))


def upsert(connection: Connection, table: Table, *, key: Sequence[str], keep: Sequence[str] = ()) -> Insert:
    """An insert that replaces the row with the same key, except for the columns in `keep`."""
    statement = inserting(connection, table)
    untouched = {*key, *keep, "seq"}
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in untouched}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def inserting(connection: Connection, table: Table) -> Any:
    """The dialect's own insert, which knows `ON CONFLICT`."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    return insert(table)


def fetch_columns(connection: Connection, statement: Select[Any]) -> list[Sequence[Any]]:
    """The result by column, straight from the driver: wrapping each of 200,000 rows would cost more than reading."""
    result = connection.execute(statement)
    rows = result.cursor.fetchall()
    result.close()
    return list(zip(*rows, strict=True)) if rows else [() for _ in statement.selected_columns]
