"""Sample data: objects of a JSON or CSV file, turned into the source items that production would make of them.

`text` or any single column becomes what a processor reads from `data`; a dotted column nests; a path or a URL of
something that is not text is read and handed over as a file, as stored content is.
"""

from __future__ import annotations

import csv
import json
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.ports.extraction import InputRow, SourceItem
from mixpeek_orchestration.core.ports.objects import ObjectStore

_KINDS: Final = ("text", "image", "video", "audio", "pdf", "excel", "document", "gif", "json")
_USUAL: Final = ("data", "content", "url", "path", "file")
_MIME_TYPES: Final = {
    "text": "text/plain",
    "image": "image/png",
    "video": "video/mp4",
    "audio": "audio/wav",
    "pdf": "application/pdf",
    "document": "application/pdf",
    "gif": "image/gif",
    "json": "application/json",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class SamplePart:
    """One blob of an object: text, or the bytes of something else. `blob_property` is the name that it had."""

    blob_property: str
    blob_type: str
    mime_type: str
    text: str | None = None
    file: bytes | None = None

    @property
    def content(self) -> bytes:
        return (self.text or "").encode() if self.file is None else self.file


@dataclass(frozen=True)
class SampleItem:
    """One object of the sample, with the fields that it had beside its blobs."""

    name: str
    parts: tuple[SamplePart, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_content(self) -> bool:
        return any(part.content.strip() for part in self.parts)


@dataclass(frozen=True)
class Sample:
    """The objects that a package is tested with, and where they are from, for people."""

    origin: str
    items: tuple[SampleItem, ...]


def source_items(items: Sequence[SampleItem], objects: ObjectStore) -> list[SourceItem]:
    """The items as a runner takes them, everything but text stored in `objects`."""
    return [SourceItem(one.name, f"obj_{one.name}", _input_rows(one, objects)) for one in items]


def _input_rows(item: SampleItem, objects: ObjectStore) -> tuple[InputRow, ...]:
    return tuple(
        InputRow(
            blob_id=f"blob_{item.name}_{number}",
            blob_property=part.blob_property,
            blob_type=part.blob_type,
            mime_type=part.mime_type,
            size_bytes=len(part.content),
            text=part.text,
            content_hash=None if part.file is None else objects.put(part.file),
            fields=item.fields,
        )
        for number, part in enumerate(item.parts)
    )


def read_sample(path: Path, description: ExtractorDescription) -> Sample:
    """The objects in the file; raises `InvalidInput` naming the file, the row and what would be right."""
    rows = _read_csv(path) if path.suffix.lower() == ".csv" else _read_json(path)
    return sample_of(rows, description, origin=path.name, folder=path.parent)


def sample_of(
    rows: Sequence[Mapping[str, Any]],
    description: ExtractorDescription,
    *,
    origin: str,
    folder: Path | None = None,
) -> Sample:
    """The objects given as mappings. Relative paths in them are taken from `folder`."""
    if not rows:
        raise InvalidInput(f"{origin} has no objects.", field="sample_data", fix="Give at least one.")
    items = tuple(
        _item(f"row {number}", nested(row), description, folder or Path.cwd())
        for number, row in enumerate(rows, start=1)
    )
    return Sample(origin, items)


def nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with `a.b` as `b` within `a`."""
    result: dict[str, Any] = {}
    for name, value in row.items():
        *above, last = str(name).split(".")
        place = result
        for part in above:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise InvalidInput(
                    f"The column {name!r} is inside {part!r}, which has a value of its own.",
                    field=str(name),
                    value=inner,
                    fix="Rename one of the two columns.",
                )
            place = inner
        place[last] = value
    return result


def content_columns(row: Mapping[str, Any], description: ExtractorDescription) -> list[str]:
    """The columns that hold content: those named like an input type, else the one that can only be meant."""
    types, inputs = description.supported_input_types, description.input_fields
    named = [name for name in row if name in types]
    if named:
        return named
    for names in (("data",), inputs, _KINDS, _USUAL):
        found = [name for name in names if name in row]
        if found:
            return found[:1]
    return list(row) if len(row) == 1 else []


def _item(name: str, row: dict[str, Any], description: ExtractorDescription, folder: Path) -> SampleItem:
    columns = content_columns(row, description)
    if not columns:
        raise InvalidInput(
            f"{name} has no column with content.",
            field="sample_data",
            value=sorted(row),
            fix=f"Name one of them data or {' or '.join(description.supported_input_types)}.",
        )
    parts = tuple(_part(name, column, row, description, folder) for column in columns)
    rest = {key: value for key, value in row.items() if key not in columns and key != "mime_type"}
    return SampleItem(name, parts, rest)


def _part(
    item: str, column: str, row: Mapping[str, Any], description: ExtractorDescription, folder: Path
) -> SamplePart:
    value, declared = row[column], row.get("mime_type")
    kind = _kind(column, value, description)
    if kind == "text" or value is None:
        text = value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
        return SamplePart(column, "text", declared or "text/plain", text=text or "")
    if not isinstance(value, str):
        raise InvalidInput(
            f"{item} has no path or URL of a {kind} in {column!r}.",
            field=column,
            value=value,
            fix="Give the path of a file, from the folder of the sample.",
        )
    guessed = mimetypes.guess_type(urlsplit(value).path)[0]
    mime_type = declared or guessed or _MIME_TYPES.get(kind, "application/octet-stream")
    return SamplePart(
        column, blob_type_of(mime_type, kind), mime_type, file=_content(item, column, value, folder)
    )


def _kind(column: str, value: object, description: ExtractorDescription) -> str:
    """The input type that a value is of: what its column says, else what only can be, else what its path says."""
    types = description.supported_input_types
    if column in _KINDS:
        return column
    if "text" not in types:
        return types[0] if types else "text"
    guessed = mimetypes.guess_type(value)[0] if isinstance(value, str) and len(value) < 1000 else None
    found = blob_type_of(guessed or "text/plain", "text")
    return found if found in types else "text"


def blob_type_of(mime_type: str, otherwise: str) -> str:
    """The blob type that content of this MIME type has in a bucket."""
    by_type = {mime: kind for kind, mime in _MIME_TYPES.items() if kind in ("pdf", "excel")}
    family = mime_type.split("/", 1)[0]
    return by_type.get(mime_type) or (family if family in _KINDS else otherwise)


def _content(item: str, column: str, value: str, folder: Path) -> bytes:
    from mixpeek_orchestration.extractors.assets import open_asset

    address = value if urlsplit(value).scheme else str(folder / value)
    try:
        with open_asset(address) as path:
            return Path(path).read_bytes()
    except MixpeekError as error:
        raise InvalidInput(
            f"{item} names {value!r} in {column!r}, which cannot be read: {error.message}",
            field=column,
            value=value,
            fix="Give the path of a file, from the folder of the sample.",
        ) from error


def _read_json(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error, "Give a JSON list of objects, or a CSV file with a header.") from error
    rows = read if isinstance(read, list) else [read]
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or not row:
            raise InvalidInput(
                f"Row {number} of {path.name} is not an object.",
                field="sample_data",
                value=row,
                fix='Write [{"text": "…"}, {"text": "…"}].',
            )
    return rows


def _read_csv(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(path, error, "Save it as UTF-8 with commas and a header.") from error
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise InvalidInput(
                f"Row {number} of {path.name} has more or fewer values than the header has names.",
                field="sample_data",
                value=number,
                fix="Put values that contain a comma into double quotes.",
            )
    return rows


def _unreadable(path: Path, error: Exception, fix: str) -> InvalidInput:
    return InvalidInput(f"{path.name} cannot be read: {error}", field="sample_data", value=str(path), fix=fix)
