"""What people may say about syncs, in a request and in `mixpeek.yaml`; field names are those of the wire contract."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from mixpeek_orchestration.core.syncs.mapping import SchemaMapping
from mixpeek_orchestration.core.syncs.sync import FileFilters, Reconcile, SyncRules
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.syncs.mapping_specs import SchemaMappingSpec, mapping_wire

LOCAL = ("local", "conn_local")
OWN_CONNECTIONS = (*LOCAL, "s3", "conn_s3")
"""Ways to say that a place is reached with the server's own rights."""

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Interval = Annotated[int, Field(ge=30, le=86_400)]
BatchSize = Annotated[int, Field(ge=1, le=100)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class FileFiltersSpec(_Said):
    """Which files are wanted. A pattern without a slash is about the file's name, one with a slash about its path."""

    include_patterns: list[Pattern] = Field(
        default_factory=list, validation_alias=AliasChoices("include_patterns", "include")
    )
    exclude_patterns: list[Pattern] = Field(
        default_factory=list, validation_alias=AliasChoices("exclude_patterns", "exclude")
    )
    min_size_bytes: int | None = Field(default=None, ge=0)
    max_size_bytes: int | None = Field(default=None, ge=0)
    modified_after: datetime | None = None
    modified_before: datetime | None = None
    mime_types: list[Pattern] = Field(
        default_factory=list, description="For example text/markdown, or image/*."
    )
    metadata_filters: Later = None


class ReconcileSpec(_Said):
    """What follows when a file changes or vanishes. More than `max_deletes` files and more than `max_delete_share` of
    all that vanish at once pause the sync instead."""

    on_delete: bool = True
    on_update: bool = True
    on_filter_drift: bool = True
    re_extract_on_update: Literal[True] = True
    re_extract_fields: Later = None
    max_deletes: int = Field(default=10, ge=0)
    max_delete_share: float = Field(default=0.3, ge=0.0, le=1.0)


class SyncSpec(_Said):
    """A bucket that follows a folder or an `s3://` prefix."""

    source_path: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2048)] = (
        Field(description="A folder of this machine, or s3://bucket/prefix.")
    )
    connection_id: str | None = Field(
        default=None,
        description="A storage connection by id or name; `local` for a folder, `s3` for the server's own credentials.",
    )
    sync_mode: Literal["initial_only", "continuous"] = "continuous"
    polling_interval_seconds: Interval = 300
    batch_size: BatchSize = Field(default=50, description="Files that are stored together.")
    file_filters: FileFiltersSpec | None = None
    reconcile: ReconcileSpec | None = None
    skip_batch_submission: bool = False
    skip_duplicates: bool = Field(default=True, description="Files with equal bytes become one object.")
    blob_property: str | None = Field(
        default=None, description="The property that holds the file; by its MIME type without one."
    )
    batch_collection_ids: list[str] | None = None
    max_objects_per_run: int | None = Field(default=None, ge=1)
    sync_from: datetime | None = Field(default=None, description="Only files that were modified after it.")
    description: Annotated[str, StringConstraints(max_length=500)] | None = None
    metadata: dict[str, Any] | None = None
    sync_concurrency: int | None = Field(default=None, ge=1, le=100, description="Accepted; eight at a time.")
    schema_mapping: SchemaMappingSpec | None = None
    ingest_filter: Later = None
    provider_filters: Later = None

    @property
    def rules(self) -> SyncRules:
        """The spec as the core holds it."""
        filters, reconcile = self.file_filters or FileFiltersSpec(), self.reconcile or ReconcileSpec()
        after = max(filter(None, (filters.modified_after, self.sync_from)), key=_utc, default=None)
        return SyncRules(
            source_path=normal_path(self.source_path, self.connection_id),
            connection="" if self.connection_id in OWN_CONNECTIONS else self.connection_id or "",
            mode=self.sync_mode,
            polling_interval_seconds=self.polling_interval_seconds,
            batch_size=self.batch_size,
            filters=FileFilters(
                include_patterns=tuple(filters.include_patterns),
                exclude_patterns=tuple(filters.exclude_patterns),
                min_size_bytes=filters.min_size_bytes,
                max_size_bytes=filters.max_size_bytes,
                modified_after=_stamp(after),
                modified_before=_stamp(filters.modified_before),
                mime_types=tuple(filters.mime_types),
            ),
            reconcile=reconcile_from(reconcile),
            skip_batch_submission=self.skip_batch_submission,
            skip_duplicates=self.skip_duplicates,
            blob_property=self.blob_property,
            mapping=self.schema_mapping.mapping if self.schema_mapping else SchemaMapping(),
            batch_collection_ids=tuple(self.batch_collection_ids or ()),
            max_objects_per_run=self.max_objects_per_run or SyncRules("").max_objects_per_run,
            description=self.description,
            metadata=self.metadata or {},
        )


class SyncUpdateSpec(_Said):
    """What may change of a sync; fields that are left out stay."""

    description: Annotated[str, StringConstraints(max_length=500)] | None = None
    metadata: dict[str, Any] | None = None
    is_active: bool | None = None
    polling_interval_seconds: Interval | None = None
    batch_size: BatchSize | None = None
    skip_batch_submission: bool | None = None
    batch_collection_ids: list[str] | None = None
    max_objects_per_run: int | None = Field(default=None, ge=1)
    reconcile: ReconcileSpec | None = None
    sync_concurrency: int | None = Field(default=None, ge=1, le=100)
    status: Later = None
    schema_mapping: SchemaMappingSpec | None = None
    ingest_filter: Later = None
    provider_filters: Later = None


def reconcile_from(spec: ReconcileSpec) -> Reconcile:
    """The part of the rules that a spec says."""
    return Reconcile(
        on_delete=spec.on_delete,
        on_update=spec.on_update,
        on_filter_drift=spec.on_filter_drift,
        max_deletes=spec.max_deletes,
        max_delete_share=spec.max_delete_share,
    )


def spec_of(rules: SyncRules) -> dict[str, Any]:
    """What a person would write to get these rules: only what differs from the defaults."""
    plain = asdict(rules)
    del plain["mapping"]
    said = {
        "source_path": rules.source_path,
        "connection_id": plain.pop("connection"),
        "sync_mode": rules.mode,
        "file_filters": _changed(plain.pop("filters"), asdict(FileFilters())),
        "reconcile": _changed(plain.pop("reconcile"), asdict(Reconcile())),
        "schema_mapping": mapping_wire(rules.mapping),
        **{name: value for name, value in plain.items() if name not in ("source_path", "mode")},
    }
    defaults = {
        **asdict(SyncRules("")),
        "sync_mode": "continuous",
        "file_filters": {},
        "reconcile": {},
        "schema_mapping": None,
        "connection_id": "",
    }
    return {"source_path": said.pop("source_path"), **_changed(said, defaults)}


def normal_path(path: str, connection_id: str | None = None) -> str:
    """A source path in one spelling: absolute, without a slash at its end, and with the scheme that its connection
    implies. Processes in other folders read the same place."""
    plain = path.removeprefix("file://")
    if connection_id is not None and connection_id not in LOCAL and "://" not in plain:
        plain = f"s3://{plain.lstrip('/')}"
    return plain.rstrip("/") if "://" in plain else os.path.abspath(os.path.expanduser(plain))


def _changed(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    listed = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
    usual = {name: list(v) if isinstance(v, tuple) else v for name, v in defaults.items()}
    return {name: value for name, value in listed.items() if value != usual.get(name)}


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stamp(moment: datetime | None) -> str | None:
    return _utc(moment).isoformat() if moment else None
