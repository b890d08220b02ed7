"""From the content somebody sent to a stored blob."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from dataclasses import dataclass

from mixpeek_orchestration.core.bucket import Bucket, Property
from mixpeek_orchestration.core.errors import InvalidInput, TooLarge, Unsupported
from mixpeek_orchestration.core.identity import content_hash, digest
from mixpeek_orchestration.core.object import MAX_INLINE_TEXT_BYTES, Blob
from mixpeek_orchestration.warehouse.specs import BlobSpec, blob_type_of

_DATA_URL = re.compile(
    r"^data:(?P<mime>[\w.+-]+/[\w.+-]+)?(?P<params>(;[\w-]+=[^;,]*)*);base64,(?P<data>.*)$", re.S
)
_DEFAULT_MIME = {"text": "text/plain", "pdf": "application/pdf"}


@dataclass(frozen=True)
class Content:
    """Bytes with what is known about them."""

    data: bytes
    mime_type: str
    filename: str | None = None


def declared_blob(bucket: Bucket, name: str, *, field: str) -> Property:
    """The blob property of a bucket's schema; raises `InvalidInput` naming those there are."""
    declared = bucket.properties.get(name)
    if declared is None or not declared.is_blob:
        blobs = sorted(key for key, value in bucket.properties.items() if value.is_blob)
        raise InvalidInput(
            f"Bucket {bucket.name!r} has no blob property {name!r}.",
            field=field,
            value=name,
            fix=f"Use one of: {', '.join(blobs) or 'none declared'}.",
        )
    return declared


def inline_content(spec: BlobSpec, blob_type: str, *, field: str) -> Content:
    """The content of a blob that was sent inline: text, or a base64 `data:` URL for other types."""
    data = spec.data or ""
    if blob_type == "text" and not data.startswith("data:"):
        return _text_content(data, spec, field=field)
    match = _DATA_URL.match(data)
    if match is None:
        scheme = data.split(":", 1)[0] if re.match(r"^[a-z0-9+]+://", data) else None
        raise Unsupported(
            f"{field}.data cannot be read as {blob_type}.",
            field=f"{field}.data",
            value=data[:80],
            fix="Upload the file first (…/uploads) and give its upload_id, or send a base64 data: URL."
            + (f" Fetching {scheme}:// URLs is not built yet." if scheme else ""),
        )
    return Content(_decoded(match["data"], field=field), spec.mime_type or match["mime"] or "", spec.filename)


def _text_content(text: str, spec: BlobSpec, *, field: str) -> Content:
    if not text.strip():
        raise InvalidInput(
            "The text is empty.", field=f"{field}.data", value=text[:80], fix="Send text, or no blob."
        )
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise _not_text(field, text) from error
    if len(data) > MAX_INLINE_TEXT_BYTES:
        raise TooLarge(
            f"The text has {len(data):,} bytes; inline text may have {MAX_INLINE_TEXT_BYTES:,}.",
            field=f"{field}.data",
            fix="Upload it as a file (…/uploads).",
            limit=MAX_INLINE_TEXT_BYTES,
        )
    if is_binary(text):
        raise _not_text(field, text)
    return Content(data, spec.mime_type or "text/plain", spec.filename)


def _not_text(field: str, text: str) -> InvalidInput:
    return InvalidInput(
        "These are binary bytes, not text.",
        field=f"{field}.data",
        value=repr(text[:40]),
        fix="Send text, or declare the property with its real type and upload the file.",
    )


def is_binary(text: str) -> bool:
    """Whether a decoded string holds bytes that no text has: NUL, or mostly control and replacement characters."""
    if "\x00" in text:
        return True
    head = text[:4096]
    odd = sum(1 for char in head if (char < " " and char not in "\t\n\r\f\x1b") or char == "\ufffd")
    return odd > len(head) * 0.1


def checked_text(data: bytes, *, field: str) -> bytes:
    """Uploaded bytes that must be UTF-8 text; raises `InvalidInput` when they are not."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"The bytes are not UTF-8 text: {error.reason} at byte {error.start}.",
            field=field,
            value=data[max(0, error.start - 8) : error.start + 8].hex(),
            fix="Convert the file to UTF-8, or declare the property with its real type.",
        ) from error
    if not text.strip():
        raise InvalidInput("The text is empty.", field=field, fix="Upload a file with text.")
    if is_binary(text):
        raise _not_text(field, text)
    return data


def _decoded(encoded: str, *, field: str) -> bytes:
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise InvalidInput(
            f"The base64 of {field}.data is broken: {error}.", field=f"{field}.data", value=encoded[:40]
        ) from error
    if not data:
        raise InvalidInput("The blob is empty.", field=f"{field}.data", fix="Send content, or no blob.")
    return data


def blob_of(content: Content, *, property_name: str, blob_type: str, object_key: str, field: str) -> Blob:
    """The blob for content that fits its type; its id follows from the object's key, the property and the content."""
    mime_type = (
        content.mime_type
        or mimetypes.guess_type(content.filename or "")[0]
        or _DEFAULT_MIME.get(blob_type, "")
    )
    actual = blob_type_of(mime_type) if mime_type else blob_type
    if actual is not None and actual != blob_type:
        raise InvalidInput(
            f"{field} holds {mime_type}, but the property {property_name!r} is of type {blob_type}.",
            field=f"{field}.type",
            value=mime_type,
            fix=f"Send {blob_type} content, or use a property of type {actual}.",
        )
    address = content_hash(content.data)
    return Blob(
        blob_id="blob_" + digest("blob", object_key, property_name, address)[:24],
        property=property_name,
        type=blob_type,
        content_hash=address,
        size_bytes=len(content.data),
        mime_type=mime_type or "application/octet-stream",
        filename=content.filename,
    )
