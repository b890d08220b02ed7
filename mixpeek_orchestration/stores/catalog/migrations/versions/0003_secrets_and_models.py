"""Encrypted secrets, and the weights that namespaces upload."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "models",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_models")),
        sa.UniqueConstraint("namespace_id", "model_id", name=op.f("uq_models_namespace_id_model_id")),
    )
    op.create_table(
        "model_parts",
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", "namespace_id", "model_id", name=op.f("pk_model_parts")),
    )
    op.create_table(
        "model_uploads",
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_model_uploads")),
    )


def downgrade() -> None:
    """Drop them; the bytes of models stay in the object store."""
    for table in ("model_uploads", "model_parts", "models", "secrets"):
        op.drop_table(table)
