"""The few statements that SQLite and PostgreSQL spell differently, and reading many rows fast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Connection, Select, Table, Text, any_, func, literal, select
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.elements import ColumnElement

from mixpeek_orchestration.stores.catalog.encoding import written

SEPARATOR = "\x1f"
"""The ASCII unit separator, which no text that the catalog searches for contains."""


def among(connection: Connection, searched: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    """`searched IN (values)` with one bound parameter, however many values there are."""
    listed = list(values)
    if connection.dialect.name == "postgresql":
        # PostgreSQL hashes a constant array; of a set-returning function it expects few rows and loops over them.
        return searched == any_(literal(listed, ARRAY(Text)))
    spread = func.json_each(literal(written(listed), Text)).table_valued("value", name="wanted")
    return searched.in_(select(spread.c.value))


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


def text_columns(connection: Connection, ordered: Select[Any]) -> list[list[str]]:
    """The values of a query on text columns, by column.

    The database joins each column into one text: making a Python row for each of 200,000 would take three times as
    long as reading them.
    """
    rows = ordered.subquery()
    joined = [func.aggregate_strings(column, SEPARATOR) for column in rows.columns]
    whole = connection.execute(select(*joined)).one()
    return [[] if text is None else text.split(SEPARATOR) for text in whole]
