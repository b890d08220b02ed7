"""Messages on pipes: a number, JSON, and bytes. Nothing else is ever read from a worker, so nothing can be unpickled.

| bytes | what                                   |
|-------|----------------------------------------|
| 8     | the number of the call                 |
| 4     | length of the JSON                     |
| 8     | length of the payload                  |
| …     | the JSON, then the payload             |
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_HEADER: Final = struct.Struct(">QIQ")
_MAX_JSON: Final = 64 << 20
_CHUNK: Final = 1 << 20


class ProtocolError(Exception):
    """What came over the pipe is not a message."""


@dataclass(frozen=True)
class Frame:
    """One message. `text` is JSON that nobody has read yet."""

    number: int
    text: bytes
    payload: bytes = b""

    @classmethod
    def of(cls, number: int, content: dict[str, Any], payload: bytes = b"") -> Frame:
        """The message that says `content`; raises `TypeError` or `ValueError` for what JSON cannot say."""
        return cls(number, json.dumps(content).encode(), payload)

    def content(self) -> dict[str, Any]:
        """What the message says; raises `ProtocolError` when that is no JSON object, or one nested too deep."""
        try:
            content = json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"a message that is not JSON ({type(error).__name__})") from None
        if not isinstance(content, dict):
            raise ProtocolError("a message that is not an object")
        return content


def write_frame(pipe: int, frame: Frame) -> None:
    """Writes the whole message; blocks while the other side does not read."""
    header = _HEADER.pack(frame.number, len(frame.text), len(frame.payload))
    for part in (header + frame.text, frame.payload):
        view = memoryview(part)
        while view:
            view = view[os.write(pipe, view[:_CHUNK]) :]


def read_frame(pipe: int) -> Frame | None:
    """The next message, `None` when the other side has closed the pipe. Blocks until it is here."""
    header = _read_exactly(pipe, _HEADER.size)
    if header is None:
        return None
    number, text_size, payload_size = _HEADER.unpack(header)
    text, payload = _read_exactly(pipe, text_size), _read_exactly(pipe, payload_size)
    return None if text is None or payload is None else Frame(number, bytes(text), bytes(payload))


def _read_exactly(pipe: int, size: int) -> bytearray | None:
    buffer = bytearray()
    while len(buffer) < size:
        chunk = os.read(pipe, min(_CHUNK, size - len(buffer)))
        if not chunk:
            return None
        buffer += chunk
    return buffer


class FrameBuffer:
    """Puts messages together from whatever arrives; refuses lengths that nobody needs before it makes room for them."""

    def __init__(self, max_payload: int) -> None:
        self._max_payload = max_payload
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The messages that are complete with this chunk; raises `ProtocolError` for a forged length."""
        self._buffer += chunk
        while len(self._buffer) >= _HEADER.size:
            number, text_size, payload_size = _HEADER.unpack_from(self._buffer)
            if text_size > _MAX_JSON or payload_size > self._max_payload:
                raise ProtocolError(f"a message of {text_size + payload_size} bytes")
            middle = _HEADER.size + text_size
            end = middle + payload_size
            if len(self._buffer) < end:
                return
            with memoryview(self._buffer) as view:
                frame = Frame(number, bytes(view[_HEADER.size : middle]), bytes(view[middle:end]))
            del self._buffer[:end]
            yield frame
