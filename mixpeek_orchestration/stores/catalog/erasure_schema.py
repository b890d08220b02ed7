"""The tables of erasures, and of contents that objects no longer use."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, Table, Text

from mixpeek_orchestration.stores.catalog.schema import metadata

erasures = Table(
    "erasures",
    metadata,
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("erasure_id", Text, nullable=False, unique=True),
    Column("namespace_id", Text, nullable=False, index=True),
    Column("object_id", Text, nullable=False, index=True),
    Column("is_completed", Boolean, nullable=False),
    Column("body", Text, nullable=False),
)

released_contents = Table(
    "released_contents",
    metadata,
    Column("content_hash", Text, primary_key=True),
    Column("object_id", Text, primary_key=True, index=True),
    Column("released_at", Double, nullable=False),
)
