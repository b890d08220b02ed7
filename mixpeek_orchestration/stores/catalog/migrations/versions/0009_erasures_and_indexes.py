"""Erasures, and contents that objects no longer use. Indexes of documents keep their state in the tables themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "erasures",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("is_completed", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_erasures")),
        sa.UniqueConstraint("erasure_id", name=op.f("uq_erasures_erasure_id")),
    )
    op.create_index("ix_erasures_namespace_id", "erasures", ["namespace_id"])
    op.create_index("ix_erasures_object_id", "erasures", ["object_id"])
    op.create_table(
        "released_contents",
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("released_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", "object_id", name=op.f("pk_released_contents")),
    )
    op.create_index("ix_released_contents_object_id", "released_contents", ["object_id"])


def downgrade() -> None:
    """Drop them, with the proofs."""
    for table in ("released_contents", "erasures"):
        op.drop_table(table)
