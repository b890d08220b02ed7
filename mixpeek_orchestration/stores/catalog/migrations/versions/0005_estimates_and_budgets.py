"""What runs took and cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXTS = ("namespace_id", "collection_id", "extractor", "run_id", "created_at")
_INDEXES = (("collection_id", "seq"), ("extractor", "seq"), ("namespace_id", "created_at"))


def upgrade() -> None:
    """Make the table of measurements."""
    op.create_table(
        "measurements",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS],
        sa.Column("usd", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_measurements")),
    )
    for columns in _INDEXES:
        op.create_index(op.f(f"ix_measurements_{'_'.join(columns)}"), "measurements", list(columns))


def downgrade() -> None:
    """Drop it, and with it what estimates and budgets come from."""
    op.drop_table("measurements")
