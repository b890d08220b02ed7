"""Objects on a remote filesystem through fsspec: S3 with s3fs, and whatever else has a plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mixpeek_orchestration.core.errors import NotFound, NotReady, Unsupported
from mixpeek_orchestration.core.identity import content_hash as hashed
from mixpeek_orchestration.stores.objects_address import missing, relative_path


@dataclass(frozen=True)
class RemoteObjectStore:
    """Content-addressed objects below `root`. A remote put is atomic: readers see all of the bytes or none."""

    root: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def put(self, data: bytes) -> str:
        """Store bytes and return their address; content that is there already is not sent again."""
        address = hashed(data)
        with self._reachable():
            if not self.exists(address):
                self._send(address, data)
        return address

    def get(self, content_hash: str) -> bytes:
        """The bytes at an address; raises `NotFound`."""
        path = self._path(content_hash)
        with self._reachable():
            try:
                return bytes(self._filesystem().cat_file(path))
            except FileNotFoundError:
                raise missing(content_hash) from None

    def exists(self, content_hash: str) -> bool:
        path = self._path(content_hash)
        with self._reachable():
            return bool(self._filesystem().exists(path))

    def delete(self, content_hash: str) -> bool:
        """Remove the bytes; `False` when they were not there."""
        if not self.exists(content_hash):
            return False
        with self._reachable():
            self._filesystem().rm_file(self._path(content_hash))
        return True

    def url(self, content_hash: str, *, expires_s: int = 3600) -> str:
        """A presigned URL; raises `NotFound`, and `Unsupported` where the filesystem cannot sign."""
        if not self.exists(content_hash):
            raise missing(content_hash)
        try:
            return str(self._filesystem().sign(self._path(content_hash), expiration=expires_s))
        except NotImplementedError as error:
            raise Unsupported(
                f"{self.root} cannot sign URLs.",
                field="objects_url",
                value=self.root,
                fix="Use s3:// or a folder.",
            ) from error

    def _path(self, content_hash: str) -> str:
        return f"{self.root.rstrip('/')}/{relative_path(content_hash)}"

    def _send(self, address: str, data: bytes) -> None:
        try:
            self._filesystem().pipe_file(self._path(address), data)
        except FileNotFoundError as error:
            raise NotFound(
                f"{self.root} does not exist.",
                field="objects_url",
                value=self.root,
                fix="Create the S3 bucket first.",
            ) from error

    def _filesystem(self) -> Any:
        """fsspec's own cached instance. Listings are never cached: other processes write too."""
        import fsspec

        options = {"use_listings_cache": False, **self.options}
        return fsspec.filesystem(self.root.split("://", 1)[0], **options)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        from botocore.exceptions import ConnectionError as UnreachableEndpoint
        from botocore.exceptions import HTTPClientError

        try:
            yield
        except (ConnectionError, TimeoutError, UnreachableEndpoint, HTTPClientError) as error:
            raise NotReady(
                f"The object store {self.root} cannot be reached: {error}.",
                fix="Check that it is up and that its endpoint is right.",
            ) from error
