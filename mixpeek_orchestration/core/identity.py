"""Identifiers: random where nothing identifies a thing, derived where something does.

Derived identifiers are the first 24 hexadecimal digits of a SHA-256 over length-prefixed parts, so that
`("ab", "c")` and `("a", "bc")` differ, and are equal on every machine and Python version.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable

ID_LENGTH = 24
_OBJECT_PREFIX = "obj_"
_CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
_OBJECT_ID = re.compile(_OBJECT_PREFIX + r"[0-9a-f]{24}")
_DOCUMENT_PREFIX = "doc_"


def digest(*parts: str) -> str:
    """The full SHA-256 in hexadecimal of the length-prefixed parts."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode()
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


def content_hash(data: bytes) -> str:
    """The SHA-256 of a blob: its address in the object store."""
    return hashlib.sha256(data).hexdigest()


def random_id(prefix: str) -> str:
    """A new identifier such as `bkt_…` with 96 bits of randomness."""
    return f"{prefix}_{secrets.token_hex(12)}"


def object_id(bucket_id: str, key: str) -> str:
    """The identifier of the object that `key` (a unique key, source path or idempotency key) names in a bucket."""
    return _OBJECT_PREFIX + digest("object", bucket_id, key)[:ID_LENGTH]


def is_content_hash(text: str) -> bool:
    """Whether this can be the address of content."""
    return _CONTENT_HASH.fullmatch(text) is not None


def is_object_id(text: str) -> bool:
    """Whether this can be the identifier of an object."""
    return _OBJECT_ID.fullmatch(text) is not None


def document_id(collection_id: str, source_item: str, position: int | str) -> str:
    """The identifier of the document at `position` among those that a collection makes of a source item: its place
    from 0, or what else tells it apart."""
    return _DOCUMENT_PREFIX + digest("document", collection_id, source_item, str(position))[:ID_LENGTH]


def folded(name: str) -> str:
    """What is left of a name without case, accents and separators: two names with equal folds are too alike.

    ``Müller-Daten``, ``muller daten`` and ``muller_daten`` fold to ``muller_daten``.
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "_", plain).strip("_") or digest("name", name)[:ID_LENGTH]


def resource_slug(identifier: str) -> str:
    """An identifier reduced to `[A-Za-z0-9_]`, for vendors that accept nothing else."""
    return re.sub(r"[^A-Za-z0-9_]", "_", identifier)


def joined(parts: Iterable[str]) -> str:
    """One digest over an unordered set of strings."""
    return digest(*sorted(parts))
