"""Failures that can be grouped, counted and replayed; the last state of each table that was known to be ours."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NEW = ("error_class", "step", "kind", "extractor", "root_object", "run_id", "resolved_by")
_CHUNK = 1_000
_ROOTS = """
UPDATE failures SET root_object = COALESCE((
    SELECT outcomes.root_object FROM outcomes
    WHERE outcomes.generation_id = failures.generation_id AND outcomes.item = failures.item
), '')
"""


def upgrade() -> None:
    """Add their columns, filled from what each failure says, and the table of marks."""
    with op.batch_alter_table("outcomes") as table:
        table.add_column(_text("replay"))
    with op.batch_alter_table("failures") as table:
        for name in _NEW:
            table.add_column(_text(name))
        table.create_index("ix_failures_open", ["collection_id", "resolved_at", "error_class"])
    _fill()
    op.execute(_ROOTS)
    op.create_table(
        "table_marks",
        sa.Column("generation_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation_id", name=op.f("pk_table_marks")),
    )


def downgrade() -> None:
    """Drop them: failures keep what they were made of."""
    op.drop_table("table_marks")
    with op.batch_alter_table("failures") as table:
        table.drop_index("ix_failures_open")
        for name in _NEW:
            table.drop_column(name)
    with op.batch_alter_table("outcomes") as table:
        table.drop_column("replay")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _fill() -> None:
    failures = sa.table("failures", *(sa.column(name) for name in ("seq", "error", "versions", *_NEW)))
    connection = op.get_bind()
    last = -1
    while True:
        chunk = connection.execute(
            sa.select(failures.c.seq, failures.c.error, failures.c.versions)
            .where(failures.c.seq > last)
            .order_by(failures.c.seq)
            .limit(_CHUNK)
        ).all()
        if not chunk:
            return
        for seq, error, versions in chunk:
            connection.execute(
                failures.update().where(failures.c.seq == seq).values(_told(json.loads(error), versions))
            )
        last = chunk[-1][0]


def _told(error: dict[str, object], versions: str) -> dict[str, str]:
    return {
        "error_class": str(error.get("error_class", "")),
        "step": str(error.get("step", "")),
        "kind": "transient" if error.get("transient") else "permanent",
        "extractor": str(json.loads(versions).get("extractor", "")),
    }
