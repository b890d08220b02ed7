"""`schema_mapping` as people write it, in the words of the wire contract."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from mixpeek_orchestration.core.syncs.mapping import (
    DEFAULT_PROPERTY,
    BlobMapping,
    FieldMapping,
    SchemaMapping,
    Transform,
)
from mixpeek_orchestration.core.validation import unsupported

Key = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
_ELSEWHERE = ("column", "drive_property", "rss_field", "rtsp_field")


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _with_one_group(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if groups != 1:
        raise ValueError(f"needs exactly one capture group, and has {groups}")
    return pattern


class FileSource(_Said):
    """The file itself."""

    type: Literal["file"]


class TagSource(_Said):
    """A tag of an object on S3."""

    type: Literal["tag"]
    key: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class MetadataSource(_Said):
    """User metadata of an object on S3 (`x-amz-meta-…`)."""

    type: Literal["metadata"]
    key: Key


class FilenameRegexSource(_Said):
    """The one capture group of a pattern that is searched for in the file's name."""

    type: Literal["filename_regex"]
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_with_one_group)]
    default: str | None = None


class FolderPathSource(_Said):
    """A folder of the path below the source: the nearest one, one by its place, or all of them."""

    type: Literal["folder_path"]
    segment: int | None = None
    full_path: bool = False


class ConstantSource(_Said):
    """The same value for every file."""

    type: Literal["constant"]
    value: Annotated[Any, AfterValidator(lambda value: _given(value))]


class OtherSource(_Said):
    """What other providers have."""

    model_config = ConfigDict(extra="allow")
    type: Annotated[str, AfterValidator(lambda kind: _refused(kind))]


def _given(value: Any) -> Any:
    if value is None:
        raise ValueError("is nothing; leave the field out instead")
    return value


def _refused(kind: str) -> str:
    if kind in _ELSEWHERE:
        raise unsupported(f"the source {kind!r}", "map what files and S3 objects have")
    raise ValueError("is none of file, tag, metadata, filename_regex, folder_path, constant")


_SOURCES = ("tag", "metadata", "filename_regex", "folder_path", "constant")


def _kind(source: Any) -> str:
    said = source.get("type") if isinstance(source, dict) else getattr(source, "type", None)
    return said if said in _SOURCES else "other"


AnySource = Annotated[
    Annotated[TagSource, Tag("tag")]
    | Annotated[MetadataSource, Tag("metadata")]
    | Annotated[FilenameRegexSource, Tag("filename_regex")]
    | Annotated[FolderPathSource, Tag("folder_path")]
    | Annotated[ConstantSource, Tag("constant")]
    | Annotated[OtherSource, Tag("other")],
    Discriminator(_kind),
]


class BlobMappingSpec(_Said):
    """The file as a blob of the object."""

    target_type: Literal["blob"] = "blob"
    source: FileSource
    blob_type: Literal["auto", "text", "image", "audio", "video", "pdf", "excel"] | None = None
    blob_property: str | None = Field(
        default=None, min_length=1, description="The mapping's name without it."
    )
    mime_type_override: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+$")] | None = None

    def under(self, name: str) -> BlobMapping:
        """The mapping of this name as the core holds it."""
        named = "" if self.blob_property in (None, name, DEFAULT_PROPERTY) else self.blob_property or ""
        kind = "" if self.blob_type in (None, "auto") else self.blob_type or ""
        return BlobMapping(name, named, kind, self.mime_type_override or "")


class FieldMappingSpec(_Said):
    """A field of the object."""

    target_type: Literal["field"] = "field"
    source: AnySource
    transform: Transform | None = None
    required: bool = False

    def under(self, name: str) -> FieldMapping:
        """The mapping of this name as the core holds it."""
        said = self.source.model_dump()
        return FieldMapping(
            name,
            said["type"],
            key=said.get("key") or said.get("pattern") or "",
            segment=said.get("segment"),
            full_path=said.get("full_path", False),
            value=said.get("value", said.get("default")),
            transform=self.transform,
            required=self.required,
        )


def _target(entry: Any) -> str:
    """What is mapped, where it is not said: the file is a blob, all else a field."""
    if not isinstance(entry, dict):
        return str(getattr(entry, "target_type", "field"))
    source = entry.get("source")
    implied = "blob" if isinstance(source, dict) and source.get("type") == "file" else "field"
    return "blob" if entry.get("target_type", implied) == "blob" else "field"


MappingSpec = Annotated[
    Annotated[BlobMappingSpec, Tag("blob")] | Annotated[FieldMappingSpec, Tag("field")],
    Discriminator(_target),
]


class SchemaMappingSpec(_Said):
    """What of a file becomes what of its object, by property and field of the bucket."""

    mappings: dict[str, MappingSpec]

    @property
    def mapping(self) -> SchemaMapping:
        """The spec as the core holds it."""
        entries = self.mappings.items()
        return SchemaMapping(
            tuple(one.under(name) for name, one in entries if isinstance(one, BlobMappingSpec)),
            tuple(one.under(name) for name, one in entries if isinstance(one, FieldMappingSpec)),
        )


def mapping_wire(mapping: SchemaMapping) -> dict[str, Any] | None:
    """What a person would write to get this mapping; `None` for none."""
    blobs = {one.name: _blob_wire(one) for one in mapping.blobs}
    fields = {one.name: _field_wire(one) for one in mapping.fields}
    return {"mappings": {**blobs, **fields}} if blobs or fields else None


def _blob_wire(one: BlobMapping) -> dict[str, Any]:
    more = {
        "blob_property": one.property_name,
        "blob_type": one.blob_type,
        "mime_type_override": one.mime_type,
    }
    said = {"target_type": "blob", "source": {"type": "file"}}
    return {**said, **{name: value for name, value in more.items() if value}}


def _field_wire(one: FieldMapping) -> dict[str, Any]:
    more = {
        "tag": {"key": one.key},
        "metadata": {"key": one.key},
        "filename_regex": {"pattern": one.key, "default": one.value},
        "folder_path": {"segment": one.segment, "full_path": one.full_path or None},
        "constant": {"value": one.value},
    }[one.source]
    source = {"type": one.source, **{name: value for name, value in more.items() if value is not None}}
    told: dict[str, Any] = {"target_type": "field", "source": source}
    if one.transform:
        told["transform"] = one.transform
    return {**told, "required": True} if one.required else told
