"""The table of what is set aside for runs."""

from __future__ import annotations

from sqlalchemy import Column, Double, Table, Text

from mixpeek_orchestration.stores.catalog.schema import metadata

reservations = Table(
    "reservations",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("namespace_id", Text, nullable=False, index=True),
    Column("usd", Double, nullable=False),
    Column("since", Double, nullable=False),
)
