"""The tables of migrations, and of the queries that generations are compared on."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Table, Text, text

from mixpeek_orchestration.stores.catalog.schema import metadata


def _seq() -> Column[int]:
    return Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


migrations = Table(
    "migrations",
    metadata,
    _seq(),
    Column("migration_id", Text, nullable=False, unique=True),
    Column("collection_id", Text, nullable=False, index=True),
    Column("is_open", Boolean, nullable=False),
    Column("body", Text, nullable=False),
)
Index(
    "uq_migrations_open",
    migrations.c.collection_id,
    unique=True,
    sqlite_where=text("is_open"),
    postgresql_where=text("is_open"),
)

query_log = Table(
    "query_log",
    metadata,
    _seq(),
    Column("namespace_id", Text, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "namespace_id", "seq"),
)
