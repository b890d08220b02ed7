"""Syncs: what follows which place, what is known of every file there, and the runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "syncs",
        _seq(),
        _text("sync_id"),
        _text("namespace_id"),
        _text("bucket_id"),
        _text("body"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_syncs")),
        sa.UniqueConstraint("sync_id", name=op.f("uq_syncs_sync_id")),
    )
    op.create_index(op.f("ix_syncs_bucket_id"), "syncs", ["bucket_id"])
    op.create_table(
        "sync_files",
        _text("sync_id"),
        _text("path"),
        _text("status"),
        _text("body"),
        sa.PrimaryKeyConstraint("sync_id", "path", name=op.f("pk_sync_files")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sync_files_sync_id_status"), "sync_files", ["sync_id", "status"])
    op.create_table(
        "sync_jobs",
        _seq(),
        _text("sync_job_id"),
        _text("sync_id"),
        _text("status"),
        _text("body"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_sync_jobs")),
        sa.UniqueConstraint("sync_job_id", name=op.f("uq_sync_jobs_sync_job_id")),
    )
    op.create_index(op.f("ix_sync_jobs_sync_id_seq"), "sync_jobs", ["sync_id", "seq"])


def downgrade() -> None:
    """Drop them; what was synced stays, and is followed no more."""
    for table in ("sync_jobs", "sync_files", "syncs"):
        op.drop_table(table)


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)
