"""The tables of syncs and storage connections."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from mixpeek_orchestration.stores.catalog.schema import metadata


def _seq() -> Column[int]:
    return Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


syncs = Table(
    "syncs",
    metadata,
    _seq(),
    Column("sync_id", Text, nullable=False, unique=True),
    Column("namespace_id", Text, nullable=False),
    Column("bucket_id", Text, nullable=False, index=True),
    Column("body", Text, nullable=False),
)

sync_files = Table(
    "sync_files",
    metadata,
    Column("sync_id", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("content_hash", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False),
    Index(None, "sync_id", "status"),
    Index(None, "content_hash"),
    sqlite_with_rowid=False,
)

sync_jobs = Table(
    "sync_jobs",
    metadata,
    _seq(),
    Column("sync_job_id", Text, nullable=False, unique=True),
    Column("sync_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "sync_id", "seq"),
)

connections = Table(
    "connections",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),
)
