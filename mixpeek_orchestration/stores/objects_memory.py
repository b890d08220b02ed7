"""Objects in memory: the twin of the real stores, for tests."""

from __future__ import annotations

import base64

from mixpeek_orchestration.core.identity import content_hash as hashed
from mixpeek_orchestration.stores.objects_address import missing, relative_path


class MemoryObjectStore:
    """Content-addressed bytes in a dict. A pickled copy is a snapshot."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their address."""
        address = hashed(data)
        self._data[address] = bytes(data)
        return address

    def get(self, content_hash: str) -> bytes:
        """The bytes at an address; raises `NotFound`."""
        relative_path(content_hash)
        try:
            return self._data[content_hash]
        except KeyError:
            raise missing(content_hash) from None

    def exists(self, content_hash: str) -> bool:
        relative_path(content_hash)
        return content_hash in self._data

    def delete(self, content_hash: str) -> bool:
        """Remove the bytes; `False` when they were not there."""
        relative_path(content_hash)
        return self._data.pop(content_hash, None) is not None

    def url(self, content_hash: str, *, expires_s: int = 3600) -> str:
        """A `data:` URL that carries the bytes; raises `NotFound`."""
        return "data:application/octet-stream;base64," + base64.b64encode(self.get(content_hash)).decode()
