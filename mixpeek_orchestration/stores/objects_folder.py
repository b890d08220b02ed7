"""Objects in a local folder.

fsspec's local filesystem neither syncs nor names its temporary files, and costs more Python per call than the
whole read of a small blob; the same layout is written here with the calls of the operating system. A folder
written here can be read by fsspec, and the other way round.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from mixpeek_orchestration.core.identity import content_hash as hashed
from mixpeek_orchestration.stores.objects_address import missing, relative_path

_INCOMING = ".incoming"


@dataclass(frozen=True)
class FolderObjectStore:
    """Content-addressed files below `root`. A file appears under its address whole and synced, or not at all."""

    root: Path

    def put(self, data: bytes) -> str:
        """Store bytes durably and return their address; content that is there already is not written again."""
        address = hashed(data)
        target = self._path(address)
        if not os.path.exists(target):
            _publish(self._written(address, data), target)
        return address

    def get(self, content_hash: str) -> bytes:
        """The bytes at an address; raises `NotFound`."""
        try:
            with open(self._path(content_hash), "rb", buffering=0) as file:
                return file.readall()
        except FileNotFoundError:
            raise missing(content_hash) from None

    def exists(self, content_hash: str) -> bool:
        return os.path.exists(self._path(content_hash))

    def delete(self, content_hash: str) -> bool:
        """Remove the bytes; `False` when they were not there."""
        try:
            os.unlink(self._path(content_hash))
        except FileNotFoundError:
            return False
        return True

    def url(self, content_hash: str, *, expires_s: int = 3600) -> str:
        """A `file://` URL; raises `NotFound`."""
        if not self.exists(content_hash):
            raise missing(content_hash)
        return Path(self._path(content_hash)).as_uri()

    def _path(self, content_hash: str) -> str:
        return f"{self.root}/{relative_path(content_hash)}"

    def _written(self, address: str, data: bytes) -> str:
        """The path of a new, synced temporary file on the same filesystem."""
        folder = f"{self.root}/{_INCOMING}"
        path = f"{folder}/{address}.{secrets.token_hex(8)}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            with open(descriptor, "wb", buffering=0) as file:
                _write_all(file.fileno(), data)
                os.fsync(descriptor)
        except BaseException:
            os.unlink(path)
            raise
        return path


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _publish(temporary: str, target: str) -> None:
    """Move a file to its place and make the move survive a power cut."""
    folder = os.path.dirname(target)
    try:
        os.replace(temporary, target)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        os.replace(temporary, target)
    # Journals write a new folder's parents with it; syncing those too costs up to 30 times more.
    _sync(folder)


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
