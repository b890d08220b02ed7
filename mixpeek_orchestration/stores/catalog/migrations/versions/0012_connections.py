"""Storage connections, and the contents of synced files where they can be searched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column; contents that are known already are filled in."""
    op.create_table(
        "connections",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connections")),
        sa.UniqueConstraint("name", name=op.f("uq_connections_name")),
    )
    op.add_column("sync_files", sa.Column("content_hash", sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_sync_files_content_hash"), "sync_files", ["content_hash"])
    known = "body::json ->> 'content_hash'" if _is_postgresql() else "json_extract(body, '$.content_hash')"
    op.execute(f"UPDATE sync_files SET content_hash = COALESCE({known}, '')")


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_sync_files_content_hash"), table_name="sync_files")
    op.drop_column("sync_files", "content_hash")
    op.drop_table("connections")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
