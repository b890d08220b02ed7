"""The tables of the catalog.

`seq` orders rows by arrival: timestamps may be equal, and clocks of several machines differ. What is never searched
for lies in `body` as JSON text, so that a new field of a definition needs no migration.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0012"
"""The newest Alembic revision, known without importing Alembic; a test compares the two."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _seq() -> Column[int]:
    return Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


def _text(name: str, *, default: str | None = None, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, server_default=default)


def _namespace() -> Column[str]:
    return Column("namespace_id", Text, ForeignKey("namespaces.namespace_id"), nullable=False)


def _named(table: str, identifier: str) -> Table:
    """A table of resources whose names are unique, also when folded, within their namespace."""
    return Table(
        table,
        metadata,
        _seq(),
        Column(identifier, Text, nullable=False, unique=True),
        _namespace(),
        _text("name"),
        _text("folded_name"),
        _text("body"),
        UniqueConstraint("namespace_id", "folded_name"),
    )


revisions = Table(
    "catalog_revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)

namespaces = Table(
    "namespaces",
    metadata,
    _seq(),
    Column("namespace_id", Text, nullable=False, unique=True),
    _text("name"),
    Column("folded_name", Text, nullable=False, unique=True),
    _text("body"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("key_hash", Text, nullable=False, unique=True),
    _text("body"),
)

buckets = _named("buckets", "bucket_id")
collections = _named("collections", "collection_id")
retrievers = _named("retrievers", "retriever_id")

generations = Table(
    "generations",
    metadata,
    Column("generation_id", Text, primary_key=True),
    _text("collection_id"),
    Column("number", Integer, nullable=False),
    _text("code_fp"),
    _text("body"),
    UniqueConstraint("collection_id", "number"),
)

objects = Table(
    "objects",
    metadata,
    _seq(),
    Column("object_id", Text, nullable=False, unique=True),
    _text("bucket_id"),
    _text("namespace_id"),
    _text("source_fp"),
    _text("shape"),
    Column("size_bytes", BigInteger, nullable=False),
    _text("created_at"),
    _text("updated_at"),
    _text("deleted_at", nullable=True),
    _text("body"),
)
# Everything that the planner reads is in the index, so that it never touches the rows. PostgreSQL limits an entry to
# 2,700 bytes, which is why the names of an object's properties are kept apart, as its shape.
Index(
    "ix_objects_live",
    objects.c.bucket_id,
    objects.c.seq,
    objects.c.object_id,
    objects.c.source_fp,
    objects.c.shape,
    sqlite_where=objects.c.deleted_at.is_(None),
    postgresql_where=objects.c.deleted_at.is_(None),
)

object_shapes = Table(
    "object_shapes",
    metadata,
    Column("shape", Text, primary_key=True),
    _text("blobs"),
)

batches = Table(
    "batches",
    metadata,
    _seq(),
    Column("batch_id", Text, nullable=False, unique=True),
    Column("bucket_id", Text, nullable=False, index=True),
    Column("status", Text, nullable=False, index=True),
    _text("body"),
)

batch_objects = Table(
    "batch_objects",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.batch_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _text("object_id"),
    sqlite_with_rowid=False,
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("generation_id", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    _text("collection_id"),
    _text("root_object"),
    _text("outcome"),
    _text("reason"),
    _text("source_fp"),
    _text("input_fp"),
    _text("code_fp"),
    Column("transient", Boolean, nullable=False),
    _text("replay", default=""),
    Index(None, "generation_id", "root_object"),
    Index(None, "collection_id"),
    sqlite_with_rowid=False,
)

failures = Table(
    "failures",
    metadata,
    _seq(),
    Column("failure_id", Text, nullable=False, unique=True),
    _text("collection_id"),
    _text("generation_id"),
    _text("batch_id"),
    _text("item"),
    Column("attempt", Integer, nullable=False),
    _text("error"),
    _text("versions"),
    _text("created_at"),
    _text("resolved_at", nullable=True),
    _text("error_class", default=""),
    _text("step", default=""),
    _text("kind", default=""),
    _text("extractor", default=""),
    _text("root_object", default=""),
    _text("run_id", default=""),
    _text("resolved_by", default=""),
    Index(None, "generation_id", "item"),
    Index(None, "collection_id", "seq"),
    Index("ix_failures_open", "collection_id", "resolved_at", "error_class"),
)

code_parts = Table(
    "code_parts",
    metadata,
    Column("code_fp", Text, primary_key=True),
    _text("parts"),
)

tier_reports = Table(
    "tier_reports",
    metadata,
    _seq(),
    _text("collection_id"),
    _text("batch_id"),
    _text("run_id"),
    _text("code_fp"),
    _text("created_at"),
    _text("body"),
    Index(None, "collection_id", "seq"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    _text("owner"),
    Column("expires_at", Double, nullable=False),
    _text("host"),
    Column("pid", BigInteger, nullable=False),
    _text("payload"),
)

deployments = Table(
    "deployments",
    metadata,
    _seq(),
    Column("endpoint_id", Text, nullable=False, unique=True),
    _text("extractor_name"),
    _text("canonical_version"),
    _text("body"),
    _text("namespace_id", default=""),
    UniqueConstraint("namespace_id", "extractor_name", "canonical_version"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", Text, primary_key=True),
    Column("expires_at", Double, nullable=False),
    _text("body"),
)

secrets = Table("secrets", metadata, Column("name", Text, primary_key=True), _text("body"))

models = Table(
    "models",
    metadata,
    _seq(),
    _text("namespace_id"),
    _text("model_id"),
    _text("body"),
    UniqueConstraint("namespace_id", "model_id"),
)

model_parts = Table(
    "model_parts",
    metadata,
    Column("content_hash", Text, primary_key=True),
    Column("namespace_id", Text, primary_key=True),
    Column("model_id", Text, primary_key=True),
)

model_uploads = Table(
    "model_uploads",
    metadata,
    Column("upload_id", Text, primary_key=True),
    Column("expires_at", Double, nullable=False),
    _text("body"),
)

# The shared namespace of published packages has no row of its own, so none of these refers to one.
package_versions = Table(
    "package_versions",
    metadata,
    _seq(),
    _text("namespace_id"),
    _text("name"),
    _text("version"),
    _text("body"),
    UniqueConstraint("namespace_id", "name", "version"),
)

package_pointers = Table(
    "package_pointers",
    metadata,
    Column("namespace_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    _text("body"),
)

package_activations = Table(
    "package_activations",
    metadata,
    _seq(),
    _text("namespace_id"),
    _text("name"),
    _text("body"),
    Index(None, "namespace_id", "name", "seq"),
)

package_deployments = Table(
    "package_deployments",
    metadata,
    _seq(),
    _text("namespace_id"),
    _text("name"),
    _text("version"),
    _text("body"),
    UniqueConstraint("namespace_id", "name", "version"),
)

package_descriptions = Table(
    "package_descriptions",
    metadata,
    Column("archive", Text, primary_key=True),
    Column("parameters_fp", Text, primary_key=True),
    _text("body"),
)

package_submissions = Table(
    "package_submissions",
    metadata,
    _seq(),
    Column("submission_id", Text, nullable=False, unique=True),
    _text("namespace_id"),
    _text("body"),
)
