"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _seq() -> sa.Column[int]:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("seq", big, autoincrement=True, nullable=False)


def upgrade() -> None:
    """Make them, and start the revision at 0."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "batches",
        _seq(),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("bucket_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_batches")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_batches_batch_id")),
    )
    op.create_index(op.f("ix_batches_bucket_id"), "batches", ["bucket_id"])
    op.create_index(op.f("ix_batches_status"), "batches", ["status"])

    op.create_table(
        "catalog_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_revision")),
    )
    op.create_table(
        "code_parts",
        sa.Column("code_fp", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code_fp", name=op.f("pk_code_parts")),
    )
    op.create_table(
        "deployments",
        _seq(),
        sa.Column("endpoint_id", sa.Text(), nullable=False),
        sa.Column("extractor_name", sa.Text(), nullable=False),
        sa.Column("canonical_version", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_deployments")),
        sa.UniqueConstraint("endpoint_id", name=op.f("uq_deployments_endpoint_id")),
        sa.UniqueConstraint(
            "extractor_name",
            "canonical_version",
            name=op.f("uq_deployments_extractor_name_canonical_version"),
        ),
    )
    op.create_table(
        "failures",
        _seq(),
        sa.Column("failure_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("generation_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_failures")),
        sa.UniqueConstraint("failure_id", name=op.f("uq_failures_failure_id")),
    )
    op.create_index(op.f("ix_failures_collection_id_seq"), "failures", ["collection_id", "seq"])
    op.create_index(op.f("ix_failures_generation_id_item"), "failures", ["generation_id", "item"])

    op.create_table(
        "generations",
        sa.Column("generation_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_fp", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation_id", name=op.f("pk_generations")),
        sa.UniqueConstraint("collection_id", "number", name=op.f("uq_generations_collection_id_number")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "namespaces",
        _seq(),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_namespaces")),
        sa.UniqueConstraint("folded_name", name=op.f("uq_namespaces_folded_name")),
        sa.UniqueConstraint("namespace_id", name=op.f("uq_namespaces_namespace_id")),
    )
    op.create_table(
        "object_shapes",
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("blobs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shape", name=op.f("pk_object_shapes")),
    )
    op.create_table(
        "objects",
        _seq(),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("bucket_id", sa.Text(), nullable=False),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("source_fp", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_objects")),
        sa.UniqueConstraint("object_id", name=op.f("uq_objects_object_id")),
    )
    op.create_index(
        "ix_objects_live",
        "objects",
        ["bucket_id", "seq", "object_id", "source_fp", "shape"],
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )

    op.create_table(
        "outcomes",
        sa.Column("generation_id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("root_object", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source_fp", sa.Text(), nullable=False),
        sa.Column("input_fp", sa.Text(), nullable=False),
        sa.Column("code_fp", sa.Text(), nullable=False),
        sa.Column("transient", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("generation_id", "item", name=op.f("pk_outcomes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_outcomes_collection_id"), "outcomes", ["collection_id"])
    op.create_index(
        op.f("ix_outcomes_generation_id_root_object"), "outcomes", ["generation_id", "root_object"]
    )

    op.create_table(
        "tier_reports",
        _seq(),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("code_fp", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_tier_reports")),
    )
    op.create_index(op.f("ix_tier_reports_collection_id_seq"), "tier_reports", ["collection_id", "seq"])

    op.create_table(
        "batch_objects",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.batch_id"], name=op.f("fk_batch_objects_batch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "position", name=op.f("pk_batch_objects")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "buckets",
        _seq(),
        sa.Column("bucket_id", sa.Text(), nullable=False),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"], ["namespaces.namespace_id"], name=op.f("fk_buckets_namespace_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_buckets")),
        sa.UniqueConstraint("bucket_id", name=op.f("uq_buckets_bucket_id")),
        sa.UniqueConstraint("namespace_id", "folded_name", name=op.f("uq_buckets_namespace_id_folded_name")),
    )
    op.create_table(
        "collections",
        _seq(),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"], ["namespaces.namespace_id"], name=op.f("fk_collections_namespace_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_collections")),
        sa.UniqueConstraint("collection_id", name=op.f("uq_collections_collection_id")),
        sa.UniqueConstraint(
            "namespace_id", "folded_name", name=op.f("uq_collections_namespace_id_folded_name")
        ),
    )
    op.create_table(
        "retrievers",
        _seq(),
        sa.Column("retriever_id", sa.Text(), nullable=False),
        sa.Column("namespace_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"], ["namespaces.namespace_id"], name=op.f("fk_retrievers_namespace_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_retrievers")),
        sa.UniqueConstraint(
            "namespace_id", "folded_name", name=op.f("uq_retrievers_namespace_id_folded_name")
        ),
        sa.UniqueConstraint("retriever_id", name=op.f("uq_retrievers_retriever_id")),
    )
    op.execute("INSERT INTO catalog_revision (id, value) VALUES (1, 0)")


def downgrade() -> None:
    """Drop them."""
    op.drop_table("retrievers")
    op.drop_table("collections")
    op.drop_table("buckets")
    op.drop_table("batch_objects")

    op.drop_table("tier_reports")

    op.drop_table("outcomes")

    op.drop_table("objects")
    op.drop_table("object_shapes")
    op.drop_table("namespaces")
    op.drop_table("leases")
    op.drop_table("generations")

    op.drop_table("failures")
    op.drop_table("deployments")
    op.drop_table("code_parts")
    op.drop_table("catalog_revision")

    op.drop_table("batches")
    op.drop_table("api_keys")
