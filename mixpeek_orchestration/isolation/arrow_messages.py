"""What an Arrow message says about itself, read from its bytes: Arrow itself can only be asked to unpack it."""

from __future__ import annotations

import struct
from typing import Final

_DICTIONARY, _BATCH = 2, 3
_HEADER_TYPE, _HEADER = 1, 2
_DATA: Final = 1
_COMPRESSION: Final = 3


def is_compressed(metadata: bytes) -> bool:
    """Whether the body of a message (its metadata is given, a flatbuffer) is compressed; raises `struct.error`."""
    message = _at(metadata, 0)
    kind = _field(metadata, message, _HEADER_TYPE)
    header = _field(metadata, message, _HEADER)
    if kind is None or header is None:
        return False
    batch: int | None = _at(metadata, header)
    if metadata[kind] == _DICTIONARY:
        data = _field(metadata, _at(metadata, header), _DATA)
        batch = None if data is None else _at(metadata, data)
    elif metadata[kind] != _BATCH:
        return False
    return batch is not None and _field(metadata, batch, _COMPRESSION) is not None


def _at(metadata: bytes, place: int) -> int:
    """What the offset at this place leads to."""
    return int(place + struct.unpack_from("<I", metadata, place)[0])


def _field(metadata: bytes, table: int, number: int) -> int | None:
    """Where a field of a table is, `None` when it has no value."""
    names = table - struct.unpack_from("<i", metadata, table)[0]
    if names < 0:
        raise struct.error("a table without fields")
    entry = 4 + 2 * number
    if entry >= struct.unpack_from("<H", metadata, names)[0]:
        return None
    offset = struct.unpack_from("<H", metadata, names + entry)[0]
    return table + offset if offset else None
