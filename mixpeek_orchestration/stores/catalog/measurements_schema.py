"""The table of measurements of runs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table, Text

from mixpeek_orchestration.stores.catalog.schema import metadata

measurements = Table(
    "measurements",
    metadata,
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("namespace_id", Text, nullable=False),
    Column("collection_id", Text, nullable=False),
    Column("extractor", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("usd", Double, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "collection_id", "seq"),
    Index(None, "extractor", "seq"),
    Index(None, "namespace_id", "created_at"),
)
