"""The port to stored bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    pass


class ObjectStore(Protocol):
    """Content-addressed bytes. The address is the SHA-256; putting the same bytes twice stores them once."""

    def put(self, data: bytes) -> str:
        """Store bytes durably and return their address; a reader never sees part of them."""

    def get(self, content_hash: str) -> bytes:
        """The bytes at an address; raises `NotFound`."""

    def exists(self, content_hash: str) -> bool: ...

    def delete(self, content_hash: str) -> bool:
        """Remove the bytes; `False` when they were not there."""

    def url(self, content_hash: str, *, expires_s: int = 3600) -> str:
        """A URL that a reader without credentials of ours can fetch: presigned on S3, `file://` in a folder."""
