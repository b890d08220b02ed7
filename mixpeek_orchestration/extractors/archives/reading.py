"""The entries of zip and tar.gz files, one after the other, with nothing unpacked that was not counted."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.archives.rules import Rule, refused

CHUNK: Final = 1 << 20
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_END_OF_ZIP: Final = b"PK\x05\x06"
_DIRECTORY_BYTES: Final = 4_000_000
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_UTF8: Final = 0x800
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    LookupError,
    NotImplementedError,
)


class Refused(Exception):
    """The archive cannot be read any further, for the reason of a finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(frozen=True)
class Entry:
    """A file of an archive. `refusal` is why it may not be there; then it has no content."""

    name: str
    chunks: Iterator[bytes]
    refusal: Finding | None = None


def entries(file: IO[bytes], *, most_bytes: int) -> Iterator[Entry]:
    """The files in the archive, whose chunks must be read before the next entry is asked for.

    Of a tar file no more than `most_bytes` are unpacked, its headers included.

    Raises `Refused` where the archive is damaged or neither of both kinds.
    """
    start = file.read(4)
    file.seek(0)
    with _damage_told():
        if start == _ZIP:
            yield from _zip_entries(file)
        elif start[:2] == _GZIP:
            yield from _tar_entries(file, most_bytes)
        else:
            raise Refused(refused(Rule.DAMAGED, "archive", "This is neither a zip nor a tar.gz file."))


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        message = f"The archive is damaged or cut off: {error or type(error).__name__}."
        raise Refused(refused(Rule.DAMAGED, "archive", message)) from error


def _zip_entries(file: IO[bytes]) -> Iterator[Entry]:
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            refusal = _zip_refusal(info)
            yield Entry(_zip_name(info), iter(()) if refusal else _zip_chunks(archive, info), refusal)


def _check_directory(file: IO[bytes]) -> None:
    """`zipfile` reads the whole table of contents at once, so its size is checked before."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(_END_OF_ZIP)
    file.seek(0)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("it has no table of contents")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _DIRECTORY_BYTES:
        raise Refused(refused(Rule.TOO_MANY, "archive", "The table of contents alone is larger than 4 MB."))


def _zip_refusal(info: zipfile.ZipInfo) -> Finding | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    name = _zip_name(info)
    if kind == stat.S_IFLNK:
        return refused(Rule.LINK, name, "This is a link.")
    if kind not in (0, stat.S_IFREG):
        return refused(Rule.SPECIAL, name, "This is neither a file nor a folder.")
    if info.flag_bits & _ENCRYPTED:
        return refused(Rule.UNREADABLE, name, "The file is encrypted.")
    if info.compress_type not in _METHODS:
        return refused(Rule.UNREADABLE, name, f"The file is compressed by method {info.compress_type}.")
    return None


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as its author wrote it: tools that set no flag write UTF-8 all the same."""
    name = info.orig_filename
    if info.flag_bits & _UTF8 or name.isascii():
        return name
    return name.encode("cp437").decode("utf-8", "surrogateescape")


def _zip_chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with _damage_told(), archive.open(info) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


class _Limited(io.RawIOBase):
    """A stream that ends in a refusal where it is longer than it may be: a header of a tar file is read at once."""

    def __init__(self, stream: IO[bytes], most_bytes: int) -> None:
        self._stream = stream
        self._left = most_bytes

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Refused(refused(Rule.TOO_LARGE, "archive", "The archive unpacks to more than is allowed."))
        return data


def _tar_entries(file: IO[bytes], most_bytes: int) -> Iterator[Entry]:
    with (
        gzip.GzipFile(fileobj=file) as plain,
        tarfile.open(fileobj=_Limited(plain, most_bytes), mode="r|") as archive,
    ):
        for member in archive:
            if member.isdir():
                continue
            refusal = _tar_refusal(member)
            yield Entry(member.name, iter(()) if refusal else _tar_chunks(archive, member), refusal)


def _tar_refusal(member: tarfile.TarInfo) -> Finding | None:
    if member.issym() or member.islnk():
        return refused(Rule.LINK, member.name, "This is a link.")
    if not member.isreg() or member.issparse():
        return refused(Rule.SPECIAL, member.name, "This is neither a plain file nor a folder.")
    return None


def _tar_chunks(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    stream = archive.extractfile(member)
    assert stream is not None
    left = member.size
    with _damage_told():
        while left and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
        if left:
            raise EOFError(f"{member.name} ends early")
