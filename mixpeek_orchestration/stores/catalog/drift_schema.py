"""The table of marks: the last state of each generation's table that was known to be ours."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from mixpeek_orchestration.stores.catalog.schema import metadata

table_marks = Table(
    "table_marks",
    metadata,
    Column("generation_id", Text, primary_key=True),
    Column("collection_id", Text, nullable=False),
    Column("body", Text, nullable=False),
)
