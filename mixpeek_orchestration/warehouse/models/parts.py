"""Large files in the object store: written and read in parts, so that they never lie in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mixpeek_orchestration.core.errors import TooLarge
from mixpeek_orchestration.core.ports.objects import ObjectStore

PART_BYTES: Final = 64 * 1024**2


class PartWriter:
    """Takes the bytes of one file as they arrive; `finish` gives the addresses of its parts."""

    def __init__(self, store: ObjectStore, *, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._buffer = bytearray()
        self._parts: list[str] = []
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Keep some more; raises `TooLarge` past the limit."""
        self.size += len(chunk)
        if self.size > self._limit:
            raise TooLarge(
                f"More than {self._limit:,} bytes arrived.",
                field="file_size_bytes",
                value=self.size,
                limit=self._limit,
            )
        self._buffer += chunk
        while len(self._buffer) >= PART_BYTES:
            self._keep(PART_BYTES)

    def finish(self) -> tuple[str, ...]:
        """The addresses of all parts, in order."""
        if self._buffer:
            self._keep(len(self._buffer))
        return tuple(self._parts)

    def parts(self) -> tuple[str, ...]:
        """The addresses of the parts that are stored so far."""
        return tuple(self._parts)

    def _keep(self, size: int) -> None:
        self._parts.append(self._store.put(bytes(self._buffer[:size])))
        del self._buffer[:size]


def read_parts(store: ObjectStore, parts: Sequence[str]) -> Iterator[bytes]:
    """The bytes of a file, a part at a time."""
    for part in parts:
        yield store.get(part)
