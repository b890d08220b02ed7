"""Which files of a source are wanted, and as which property of the bucket."""

from __future__ import annotations

import fnmatch
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mixpeek_orchestration.core.bucket import Property
from mixpeek_orchestration.core.syncs.mapping import DEFAULT_PROPERTY, BlobMapping
from mixpeek_orchestration.core.syncs.sync import FileFilters, Listed, SyncRules

_TEXT_TYPES: Final = {
    ".rst": "text/x-rst",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".jsonl": "application/jsonl",
}
_TEXTUAL: Final = frozenset(
    {
        "application/json",
        "application/jsonl",
        "application/toml",
        "application/xml",
        "application/x-sh",
        "application/yaml",
    }
)
_SHEETS: Final = ("application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml")
_TYPES: Final = mimetypes.MimeTypes()
"""The standard library's own table: what a machine's /etc/mime.types says must not decide what is synced."""


def mime_type_of(path: str) -> str:
    """The MIME type that a file's name says; empty when it says none."""
    name = path.rsplit("/", 1)[-1].lower()
    suffix = f".{name.rsplit('.', 1)[-1]}" if "." in name else ""
    return _TEXT_TYPES.get(suffix) or _TYPES.guess_type(name)[0] or ""


def blob_type_for(mime_type: str) -> str | None:
    """The blob type that holds content of a MIME type; text also holds what people can read."""
    if mime_type in _TEXTUAL:
        return "text"
    if mime_type == "application/pdf":
        return "pdf"
    if mime_type.startswith(_SHEETS):
        return "excel"
    family = mime_type.split("/")[0]
    return family if family in {"text", "image", "audio", "video"} else None


def property_for(properties: Mapping[str, Property], path: str, *, named: str | None = None) -> str | None:
    """The blob property that holds a file: the named one, or the first of the type that its MIME type asks for.

    `None` when the bucket has no place for such a file.
    """
    wanted = blob_type_for(mime_type_of(path))
    fitting = [name for name, prop in properties.items() if prop.is_blob and prop.type == wanted]
    if named is not None:
        return named if named in fitting else None
    return fitting[0] if fitting else None


@dataclass(frozen=True)
class Place:
    """Where in an object a file goes, and as what."""

    property_name: str
    mime_type: str


def place_for(properties: Mapping[str, Property], path: str, rules: SyncRules) -> Place | None:
    """The place of a file: that of the first mapping that fits it, or without mappings the one its MIME type asks for.

    `None` when the bucket has no place for such a file.
    """
    if rules.mapping.blobs:
        found = (_mapped_place(properties, path, one) for one in rules.mapping.blobs)
        return next((place for place in found if place is not None), None)
    name = property_for(properties, path, named=rules.blob_property)
    return None if name is None else Place(name, mime_type_of(path))


def mapped_property(properties: Mapping[str, Property], one: BlobMapping) -> str | None:
    """The blob property that a mapping names: itself, or by its own name; `None` when the bucket has no such one."""
    names = [one.property_name] if one.property_name else [one.name, DEFAULT_PROPERTY]
    return next((name for name in names if name in properties and properties[name].is_blob), None)


def _mapped_place(properties: Mapping[str, Property], path: str, one: BlobMapping) -> Place | None:
    name = mapped_property(properties, one)
    if name is None:
        return None
    mime_type = one.mime_type or mime_type_of(path)
    fits = blob_type_for(mime_type) == properties[name].type
    if one.blob_type and not fits:  # Said by people who know better than the name.
        return Place(name, one.mime_type)
    return Place(name, mime_type) if fits else None


def is_wanted(listed: Listed, filters: FileFilters) -> bool:
    """Whether a file passes every filter. Hidden files and files in hidden folders never do."""
    if any(part.startswith(".") for part in listed.path.split("/")):
        return False
    if filters.include_patterns and not any(matches(listed.path, p) for p in filters.include_patterns):
        return False
    if any(matches(listed.path, pattern) for pattern in filters.exclude_patterns):
        return False
    return _fits_size(listed, filters) and _fits_time(listed, filters) and _fits_type(listed, filters)


def matches(path: str, pattern: str) -> bool:
    """Whether a glob matches: without a slash the file's name, with one the path below the source.

    `*` also crosses slashes, and `**/` matches no folder as well as many.
    """
    if "/" not in pattern:
        return fnmatch.fnmatchcase(path.rsplit("/", 1)[-1], pattern)
    candidates = {pattern, pattern.replace("**/", "")}
    return any(fnmatch.fnmatchcase(path, candidate) for candidate in candidates)


def _fits_size(listed: Listed, filters: FileFilters) -> bool:
    low, high = filters.min_size_bytes, filters.max_size_bytes
    return (low is None or listed.size >= low) and (high is None or listed.size <= high)


def _fits_time(listed: Listed, filters: FileFilters) -> bool:
    after, before = filters.modified_after, filters.modified_before
    return (after is None or listed.modified > _seconds(after)) and (
        before is None or listed.modified < _seconds(before)
    )


def _fits_type(listed: Listed, filters: FileFilters) -> bool:
    mime_type = mime_type_of(listed.path)
    return not filters.mime_types or any(fnmatch.fnmatchcase(mime_type, one) for one in filters.mime_types)


def _seconds(moment: str) -> float:
    parsed = datetime.fromisoformat(moment)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
