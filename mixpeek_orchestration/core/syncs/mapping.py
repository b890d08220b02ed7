"""What of a file becomes which property and which field of its object, decided from its path and its labels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mixpeek_orchestration.core.errors import InvalidInput

FieldSource = Literal["tag", "metadata", "filename_regex", "folder_path", "constant"]
Transform = Literal["lowercase", "uppercase", "trim", "json_parse"]
DEFAULT_PROPERTY: Final = "content"
"""What the contract calls a blob whose property is not named; the mapping's own name counts first."""

LABELLED: Final = frozenset({"tag", "metadata"})
"""Sources that only an object store has."""


@dataclass(frozen=True)
class BlobMapping:
    """The file as a blob. `property_name` is empty where the mapping's own name says it, `blob_type` where the file's
    MIME type does."""

    name: str
    property_name: str = ""
    blob_type: str = ""
    mime_type: str = ""


@dataclass(frozen=True)
class FieldMapping:
    """A field. `key` is that of a label, or the pattern; `value` the constant, or what counts where nothing matches."""

    name: str
    source: FieldSource
    key: str = ""
    segment: int | None = None
    full_path: bool = False
    value: Any = None
    transform: Transform | None = None
    required: bool = False


@dataclass(frozen=True)
class SchemaMapping:
    """All that is mapped; empty maps the file by its MIME type and nothing else."""

    blobs: tuple[BlobMapping, ...] = ()
    fields: tuple[FieldMapping, ...] = ()

    def reads(self, source: FieldSource) -> bool:
        """Whether a field comes from this kind of source."""
        return any(one.source == source for one in self.fields)


@dataclass(frozen=True)
class Labels:
    """What a store says about an object besides its content. Names of metadata are in lower case."""

    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


def mapped_fields(
    mapping: SchemaMapping, path: str, labels: Labels, types: Mapping[str, str]
) -> dict[str, Any]:
    """The fields of the object of a file, in the types that the bucket declares; one without a value is left out.

    Raises `InvalidInput` for a required one without, and for text that is not of the declared type.
    """
    fields = {}
    for one in mapping.fields:
        found = _found(one, path, labels)
        if found is None and one.required:
            raise InvalidInput(
                f"{path} has no value for the required field {one.name!r}.",
                field=f"schema_mapping.{one.name}",
                value=path,
                fix="Label or rename the file, or do not require the field.",
            )
        if found is not None:
            fields[one.name] = _typed(one, _transformed(one, found), types.get(one.name, ""))
    return fields


def _found(one: FieldMapping, path: str, labels: Labels) -> Any:
    folders, filename = path.split("/")[:-1], path.rsplit("/", 1)[-1]
    match one.source:
        case "tag":
            return labels.tags.get(one.key)
        case "metadata":
            return labels.metadata.get(one.key.lower())
        case "filename_regex":
            matched = re.search(one.key, filename)
            return matched[1] if matched and matched[1] is not None else one.value
        case "folder_path":
            return _folder(folders, one)
        case "constant":
            return one.value


def _folder(folders: list[str], one: FieldMapping) -> str | None:
    if one.full_path:
        return "/".join(folders) or None
    place = -1 if one.segment is None else one.segment
    return folders[place] if -len(folders) <= place < len(folders) else None


def _transformed(one: FieldMapping, value: Any) -> Any:
    if one.transform is None or not isinstance(value, str):
        return value
    if one.transform == "json_parse":
        try:
            return json.loads(value)
        except ValueError:
            raise _unfit(one, value, "JSON") from None
    return {"lowercase": value.lower, "uppercase": value.upper, "trim": value.strip}[one.transform]()


def _typed(one: FieldMapping, value: Any, wanted: str) -> Any:
    """Text as the declared type; what is no text stays, and is judged with the object."""
    read = _READ.get(wanted)
    if read is None or not isinstance(value, str):
        return value
    try:
        return read(value.strip())
    except (ValueError, KeyError):
        raise _unfit(one, value, wanted) from None


_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": int,
    "number": float,
    "float": float,
    "boolean": lambda text: _TRUTH[text.lower()],
    "object": json.loads,
    "array": json.loads,
}


def _unfit(one: FieldMapping, value: str, wanted: str) -> InvalidInput:
    return InvalidInput(
        f"The field {one.name!r} is to be {wanted}, which {value[:80]!r} is not.",
        field=f"schema_mapping.{one.name}",
        value=value[:80],
        fix="Map something else, or declare the field as a string.",
    )
