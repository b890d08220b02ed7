"""What is set aside for runs that a budget has let pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of reservations."""
    op.create_table(
        "reservations",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("usd", sa.Double(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_reservations")),
    )
    op.create_index(op.f("ix_reservations_namespace_id"), "reservations", ["namespace_id"])


def downgrade() -> None:
    """Drop it: what runs may spend together is not held any more."""
    op.drop_table("reservations")
