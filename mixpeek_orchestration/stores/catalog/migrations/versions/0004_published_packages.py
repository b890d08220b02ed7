"""Published packages: versions, which one is active, deployments, descriptions and submissions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OLD, _NEW = (
    "uq_deployments_extractor_name_canonical_version",
    "uq_deployments_namespace_id_extractor_name_canonical_version",
)


def upgrade() -> None:
    """Make their tables; an endpoint belongs to a namespace, or (empty) to all of them."""
    op.create_table("package_versions", *_owned("package_versions"))
    op.create_table(
        "package_pointers",
        _text("namespace_id"),
        _text("name"),
        _text("body"),
        sa.PrimaryKeyConstraint("namespace_id", "name", name=op.f("pk_package_pointers")),
    )
    op.create_table(
        "package_activations",
        _seq(),
        _text("namespace_id"),
        _text("name"),
        _text("body"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_package_activations")),
    )
    op.create_index(
        op.f("ix_package_activations_namespace_id_name_seq"),
        "package_activations",
        ["namespace_id", "name", "seq"],
    )
    op.create_table("package_deployments", *_owned("package_deployments"))
    op.create_table(
        "package_descriptions",
        _text("archive"),
        _text("parameters_fp"),
        _text("body"),
        sa.PrimaryKeyConstraint("archive", "parameters_fp", name=op.f("pk_package_descriptions")),
    )
    op.create_table(
        "package_submissions",
        _seq(),
        _text("submission_id"),
        _text("namespace_id"),
        _text("body"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_package_submissions")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_package_submissions_submission_id")),
    )
    with op.batch_alter_table("deployments") as table:
        table.add_column(sa.Column("namespace_id", sa.Text(), nullable=False, server_default=""))
        table.drop_constraint(op.f(_OLD), type_="unique")
        table.create_unique_constraint(op.f(_NEW), ["namespace_id", "extractor_name", "canonical_version"])


def downgrade() -> None:
    """Drop them, and with them what was published and the endpoints of it."""
    op.execute("DELETE FROM deployments WHERE namespace_id <> ''")
    with op.batch_alter_table("deployments") as table:
        table.drop_constraint(op.f(_NEW), type_="unique")
        table.create_unique_constraint(op.f(_OLD), ["extractor_name", "canonical_version"])
        table.drop_column("namespace_id")
    for name in ("submissions", "descriptions", "deployments", "activations", "pointers", "versions"):
        op.drop_table(f"package_{name}")


def _owned(table: str) -> list[sa.schema.SchemaItem]:
    unique = sa.UniqueConstraint(
        "namespace_id", "name", "version", name=op.f(f"uq_{table}_namespace_id_name_version")
    )
    columns = [_seq(), _text("namespace_id"), _text("name"), _text("version"), _text("body")]
    return [*columns, sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{table}")), unique]


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)
