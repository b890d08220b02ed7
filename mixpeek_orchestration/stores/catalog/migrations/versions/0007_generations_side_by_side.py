"""Generations side by side: migrations of collections, and the queries that generations are compared on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _seq() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("seq", kind, autoincrement=True, nullable=False)


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "migrations",
        _seq(),
        sa.Column("migration_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_migrations")),
        sa.UniqueConstraint("migration_id", name=op.f("uq_migrations_migration_id")),
    )
    op.create_index("ix_migrations_collection_id", "migrations", ["collection_id"])
    op.create_index(
        "uq_migrations_open",
        "migrations",
        ["collection_id"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "query_log",
        _seq(),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_query_log")),
    )
    op.create_index("ix_query_log_namespace_id_seq", "query_log", ["namespace_id", "seq"])


def downgrade() -> None:
    """Drop them; the tables of generations that were being filled stay."""
    op.drop_table("query_log")
    op.drop_table("migrations")
