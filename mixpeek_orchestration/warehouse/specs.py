"""What people may say about resources: one set of models for HTTP bodies and for `mixpeek.yaml`.

Field names are those of Mixpeek's wire contract, older spellings included. Unknown fields are refused. A field of
type `Later` is known to the contract but not built yet: only `null` passes.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from mixpeek_orchestration.core.bucket import BLOB_TYPES, FIELD_TYPES
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.schedule import cron_of, schedule_text
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.mapping_spellings import as_mapping
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec

PropertyType = Literal[
    "text", "image", "audio", "video", "pdf", "excel",
    "string", "number", "integer", "float", "boolean", "object", "array", "date", "datetime",
]  # fmt: skip
BlobType = Literal["text", "image", "audio", "video", "pdf", "excel"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=256)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_\-]{0,99}$")]


class Spec(BaseModel):
    """The base: unknown fields are refused, aliases and names both work."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class PropertySpec(Spec):
    """One property of a bucket's schema."""

    type: PropertyType
    required: bool = False
    default: Any = None
    description: str | None = None
    enum: list[Any] | None = None
    examples: list[Any] | None = None
    items: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


class BucketSchemaSpec(Spec):
    """The properties that objects of a bucket may have."""

    properties: dict[FieldName, PropertySpec] = Field(min_length=1)


class UniqueKeySpec(Spec):
    """Metadata fields that identify an object: writing the same key again edits the object."""

    fields: list[FieldName] = Field(min_length=1)
    default_policy: Literal["insert", "update", "upsert"] = "upsert"


class BucketSpec(Spec):
    """A bucket to create."""

    bucket_name: Name
    bucket_schema: BucketSchemaSpec
    description: str | None = None
    metadata: dict[str, Any] | None = None
    unique_key: UniqueKeySpec | None = None
    syncs: list[SyncSpec] | None = Field(
        default=None, description="Folders and s3:// prefixes that the bucket follows."
    )
    storage_class: Later = None
    destination: Later = None
    ingest_filter: Later = None
    source_adapter: Later = None

    @model_validator(mode="after")
    def _unique_key_fields_exist(self) -> Self:
        for name in self.unique_key.fields if self.unique_key else ():
            declared = self.bucket_schema.properties.get(name)
            if declared is None or declared.type not in FIELD_TYPES - {"object", "array"}:
                raise ValueError(
                    f"unique_key field {name!r} must be a scalar field of bucket_schema, not a blob and not missing"
                )
        return self


class BlobSpec(Spec):
    """One blob of an object: its content inline as `data`, or uploaded before under `upload_id`."""

    property: FieldName
    type: BlobType | None = Field(default=None, description="Taken from the bucket's schema when left out.")
    data: str | None = Field(default=None, description="Text; or a data: URL (base64) for other types.")
    upload_id: str | None = None
    checksum: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    mime_type: str | None = None
    filename: str | None = None
    metadata: dict[str, Any] | None = None
    key_prefix: str | None = None
    canonicalize_source: Literal[True] | None = None
    force_remirror: Literal[False] | None = None

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.data is None) == (self.upload_id is None):
            raise ValueError("give either data or upload_id")
        return self


class ObjectSpec(BaseModel):
    """An object to put into a bucket. Unknown root fields are metadata, as the contract says."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, frozen=True)

    blobs: list[BlobSpec] = Field(default_factory=list)
    metadata: dict[str, Any] | None = None
    key_prefix: str | None = None
    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    skip_duplicates: bool = False
    canonicalize_source: Literal[True] | None = None
    force_remirror: Literal[False] | None = None
    edges: Later = None
    source_key: str | None = Field(default=None, exclude=True, description="A path that names the object.")

    @property
    def fields(self) -> dict[str, Any]:
        """The object's metadata: blob metadata (first blob wins), then `metadata`, then root fields."""
        merged: dict[str, Any] = {}
        for blob in reversed(self.blobs):
            merged.update(blob.metadata or {})
        return {**merged, **(self.metadata or {}), **(self.model_extra or {})}


class UploadSpec(Spec):
    """A file that is about to be uploaded."""

    filename: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    content_type: str
    file_size_bytes: int | None = Field(default=None, ge=1)
    presigned_url_expiration: int = Field(default=3600, ge=60, le=86400)
    metadata: dict[str, Any] | None = None
    create_object_on_confirm: bool = True
    object_metadata: dict[str, Any] | None = None
    blob_property: FieldName | None = None
    blob_type: BlobType | None = None
    file_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    skip_duplicates: bool = True


class ConfirmSpec(Spec):
    """What the uploader saw."""

    etag: str | None = None
    file_size_bytes: int | None = Field(default=None, ge=1)
    auto_submit_batch: bool = False


class PassthroughSpec(Spec):
    """A source field that documents carry along."""

    source_path: Annotated[str, StringConstraints(min_length=1)]
    target_path: str | None = None
    default: Any = None
    required: bool = False


class ExtractorSpec(Spec):
    """The extractor of a collection; `params` and `parameters` are one."""

    feature_extractor_name: Name
    version: Annotated[str, StringConstraints(pattern=r"^v?\d+(\.\d+){0,2}$")] | None = Field(
        default=None, description="The active version when left out; the collection keeps it from then on."
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, validation_alias=AliasChoices("parameters", "params")
    )
    input_mappings: Annotated[dict[str, str | list[str]], BeforeValidator(as_mapping)] = Field(
        default_factory=dict
    )
    field_passthrough: list[PassthroughSpec] = Field(default_factory=list)
    include_all_source_fields: bool = False


def _unwrapped(said: object) -> object:
    """The contract puts the conditions under `filters`; without that they are taken as they are."""
    return said["filters"] if isinstance(said, dict) and set(said) == {"filters"} else said


SourceFilters = Annotated[
    dict[str, Any] | None,
    BeforeValidator(_unwrapped),
    Field(
        description="Only source items for which these conditions hold are read; AND, OR, NOT of field, operator, value."
    ),
]


def _one_of(many: str, one: str) -> list[JsonValue]:
    """The JSON schema of 'one of the two is there and not null'."""
    return [
        {"required": [many], "properties": {many: {"type": "array"}}},
        {"required": [one], "properties": {one: {"type": "string"}}},
    ]


class BucketSource(Spec):
    """A collection that reads buckets, by name or id."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _one_of("bucket_ids", "bucket_id")})

    type: Literal["bucket"]
    bucket_ids: list[Identifier] | None = Field(default=None, min_length=1)
    bucket_id: Identifier | None = Field(default=None, description="The older spelling for one bucket.")
    source_filters: SourceFilters = None
    source_namespace_id: Later = None
    field_map: Later = None

    @property
    def identifiers(self) -> list[str]:
        """The buckets, each once, in the order given."""
        return _named(self.bucket_ids, self.bucket_id)

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if not self.identifiers:
            raise ValueError("a source of type bucket needs bucket_ids")
        return self


class CollectionSource(Spec):
    """A collection that reads other collections, by name or id."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _one_of("collection_ids", "collection_id")})

    type: Literal["collection"]
    collection_ids: list[Identifier] | None = Field(default=None, min_length=1)
    collection_id: Identifier | None = Field(
        default=None, description="The older spelling for one collection."
    )
    source_filters: SourceFilters = None
    inherited_bucket_ids: Later = None
    field_map: Later = None

    @property
    def identifiers(self) -> list[str]:
        """The collections, each once, in the order given."""
        return _named(self.collection_ids, self.collection_id)

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if not self.identifiers:
            raise ValueError("a source of type collection needs collection_ids")
        return self


def _named(many: list[str] | None, one: str | None) -> list[str]:
    return list(dict.fromkeys([*(many or ()), *([one] if one else ())]))


SourceSpec = Annotated[BucketSource | CollectionSource, Field(discriminator="type")]


def _scheduled(text: str) -> str:
    try:
        cron_of(text)
    except InvalidInput as error:
        raise ValueError(f"{error.message} {error.fix}") from None
    return text


def _spelled(said: object) -> object:
    try:
        return schedule_text(said)
    except InvalidInput as error:
        raise ValueError(f"{error.message} {error.fix}") from None


Schedule = Annotated[
    str,
    BeforeValidator(_spelled),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_scheduled),
    Field(description="When what is stale is processed again: cron in UTC, or an interval such as every 6h."),
]


class CollectionSpec(Spec):
    """A collection to create."""

    collection_name: Name
    source: SourceSpec
    feature_extractor: ExtractorSpec
    description: str | None = None
    metadata: dict[str, Any] | None = None
    enabled: bool = True
    input_schema: Later = None
    features: Later = None
    schedule: Schedule | None = None
    taxonomy_applications: Later = None
    cluster_applications: Later = None
    alert_applications: Later = None
    retriever_enrichments: Later = None
    retriever_transform: Later = None
    embedding_task: Later = None


class BatchSpec(Spec):
    """A batch to create: these objects, or all of the bucket when `object_ids` is left out and `all_objects` set."""

    object_ids: list[Identifier] | None = None
    collection_ids: list[Identifier] | None = None
    batch_name: Annotated[str, StringConstraints(max_length=256)] | None = None
    dedup_strategy: Literal["skip", "replace", "force"] = "skip"
    metadata: dict[str, Any] | None = None
    limit: int | None = Field(default=None, ge=1, le=50_000)
    auto_submit: bool | None = Field(
        default=None, validation_alias=AliasChoices("auto_submit", "trigger_processing")
    )
    filters: Later = None


class SubmitSpec(Spec):
    """How a batch is submitted."""

    collection_ids: list[Identifier] | None = None
    include_processing_history: bool = True
    webhook_url: Later = None


def blob_type_of(mime_type: str) -> str | None:
    """The blob type that a MIME type belongs to, `None` when it belongs to none."""
    main = mime_type.split(";")[0].strip().lower()
    if main == "application/pdf":
        return "pdf"
    if re.match(r"application/(vnd\.ms-excel|vnd\.openxmlformats-officedocument\.spreadsheetml)", main):
        return "excel"
    family = main.split("/")[0]
    return family if family in BLOB_TYPES else None
