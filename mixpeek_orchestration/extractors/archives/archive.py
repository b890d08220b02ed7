"""Archives of packages: packed so that the same source gives the same bytes, unpacked only when all of it is right."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.finding import Finding, Severity, has_errors
from mixpeek_orchestration.extractors.archives.reading import Entry, Refused, entries
from mixpeek_orchestration.extractors.archives.rules import (
    Paths,
    Rule,
    content_refusal,
    is_left_out,
    name_refusal,
    package_root,
    plain_path,
    refused,
)

Format = Literal["zip", "tar.gz"]
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o644
_HEAD_BYTES: Final = 4096
_TAR_OVERHEAD: Final = 4096
_SKIPPED: Final = frozenset({"__pycache__", "__MACOSX", "node_modules"})


@dataclass(frozen=True)
class Limits:
    """How much an archive may be. What it unpacks to may be `ratio` times as large as it is, `free_bytes` in any case."""

    archive_bytes: int = 524_288_000
    unpacked_bytes: int = 524_288_000
    files: int = 1000
    ratio: int = 100
    free_bytes: int = 64_000_000

    def unpacked(self, archive_bytes: int) -> int:
        """The most bytes that an archive of this size may unpack to."""
        return min(self.unpacked_bytes, max(self.free_bytes, self.ratio * archive_bytes))


LIMITS: Final = Limits()


@dataclass(frozen=True)
class Unpacked:
    """A package folder that came out of an archive, and what there is to say about it."""

    folder: Path
    archive_hash: str
    size_bytes: int
    file_count: int
    findings: tuple[Finding, ...] = ()


class RefusedArchive(InvalidPackage):
    """An archive that breaks a rule; `findings` has every one that was found."""

    code = "invalid_archive"

    @property
    def findings(self) -> list[Finding]:
        """The findings, errors and notes."""
        return [_read(one) for one in self.context.get("findings", ())]


def pack(folder: Path, format: Format = "zip") -> bytes:
    """The package in `folder` as an archive: without hidden files, bytecode and build folders.

    The same source gives the same bytes. Raises `RefusedArchive` for more than the limits.
    """
    files = _source_files(folder)
    return _zip(files, zipfile.ZIP_DEFLATED) if format == "zip" else _tar_gz(files)


def canonical(folder: Path) -> bytes:
    """The one form of a package that its hash is taken of: a zip file, sorted, uncompressed, without times and modes."""
    return _zip(_source_files(folder), zipfile.ZIP_STORED)


def archive_hash(folder: Path) -> str:
    """The SHA-256 of the canonical form: the same for the same source, however it was packed."""
    return hashlib.sha256(canonical(folder)).hexdigest()


def unpack(source: bytes | Path, target: Path, *, limits: Limits = LIMITS) -> Unpacked:
    """The package in `target`, a folder that this makes. Raises `RefusedArchive`, and then there is no folder."""
    target.mkdir(parents=True)
    try:
        with _opened(source) as file:
            unpacking = _Unpacking(target, limits, file)
            unpacking.run(file)
        return unpacking.finished()
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


class _Unpacking:
    """One archive on its way to disk: every entry is judged, and nothing is counted after it was written."""

    def __init__(self, target: Path, limits: Limits, file: IO[bytes]) -> None:
        self._target = target
        self._limits = limits
        self._archive_bytes = file.seek(0, 2)
        self._allowed = limits.unpacked(self._archive_bytes)
        self._paths = Paths()
        self._files: list[str] = []
        self._left_out = 0
        self._unpacked = 0
        self._entries = 0
        self._findings: list[Finding] = []
        file.seek(0)

    def run(self, file: IO[bytes]) -> None:
        """Everything is in the target, or there are findings that say why not."""
        try:
            if self._archive_bytes > self._limits.archive_bytes:
                raise Refused(_too_large(self._archive_bytes, self._limits.archive_bytes, "The archive"))
            for entry in entries(file, most_bytes=self._allowed + _TAR_OVERHEAD * self._limits.files):
                self._count_entry()
                self._take(entry)
        except Refused as stop:
            self._findings.append(stop.finding)

    def finished(self) -> Unpacked:
        """The package, moved to the top of the target; raises `RefusedArchive`."""
        if not has_errors(self._findings):
            root, wrong = package_root(self._files)
            self._findings += wrong
        if has_errors(self._findings):
            raise refusal(self._findings)
        if self._left_out:
            message = f"{self._left_out} hidden files are no part of the package."
            self._findings.append(refused(Rule.LEFT_OUT, "archive", message, severity=Severity.NOTE))
        _lift(self._target, root)
        return Unpacked(
            self._target,
            archive_hash(self._target),
            self._unpacked,
            len(self._files),
            tuple(self._findings),
        )

    def _count_entry(self) -> None:
        self._entries += 1
        if self._entries > self._limits.files:
            message = f"The archive has more than {self._limits.files:,} files."
            raise Refused(refused(Rule.TOO_MANY, "archive", message))

    def _take(self, entry: Entry) -> None:
        wrong = name_refusal(entry.name) or entry.refusal
        path = plain_path(entry.name) if wrong is None else ""
        if wrong is None and is_left_out(path):
            self._left_out += 1
            self._drain(entry)
            return
        wrong = wrong or self._paths.add(path)
        if wrong is not None:
            self._findings.append(wrong)
            self._drain(entry)
            return
        self._write(entry, path)
        self._files.append(path)

    def _write(self, entry: Entry, path: str) -> None:
        file = self._target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        head = b""
        with file.open("xb") as out:
            for chunk in self._counted(entry):
                head = (head + chunk)[:_HEAD_BYTES] if len(head) < _HEAD_BYTES else head
                out.write(chunk)
        wrong = content_refusal(path, head)
        if wrong is not None:
            self._findings.append(wrong)

    def _drain(self, entry: Entry) -> None:
        for _ in self._counted(entry):
            pass

    def _counted(self, entry: Entry) -> Iterator[bytes]:
        for chunk in entry.chunks:
            self._unpacked += len(chunk)
            if self._unpacked > self._allowed:
                raise Refused(_too_large(self._unpacked, self._allowed, "What the archive unpacks to"))
            yield chunk


def refusal(findings: list[Finding]) -> RefusedArchive:
    """The error for findings of which at least one is an error."""
    first = next(one for one in findings if one.severity is Severity.ERROR)
    more = sum(one.severity is Severity.ERROR for one in findings) - 1
    return RefusedArchive(
        f"{first.rule} {first.file}: {first.message}" + (f" ({more} more findings.)" if more else ""),
        field=first.file,
        fix=first.fix,
        findings=[one.as_dict() for one in findings],
    )


def _read(data: Mapping[str, Any]) -> Finding:
    return Finding(**{**data, "severity": Severity(data["severity"])})


def _too_large(size: int, limit: int, what: str) -> Finding:
    return refused(Rule.TOO_LARGE, "archive", f"{what} has {size:,} bytes or more; {limit:,} are allowed.")


def _lift(target: Path, root: str) -> None:
    """The package's folder becomes the target itself."""
    if not root:
        return
    inner = target / root.rstrip("/")
    beside = target.with_name(f"{target.name}.package")
    inner.rename(beside)
    shutil.rmtree(target)
    beside.rename(target)


def _source_files(folder: Path) -> dict[str, Path]:
    """What belongs to a package, by path, sorted."""
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if is_left_out(path) or _is_built(path):
            continue
        if file.is_symlink():
            raise refusal([refused(Rule.LINK, path, "This is a link.")])
        if file.is_file():
            found[path] = file
    if len(found) > LIMITS.files:
        message = f"The package has {len(found):,} files; {LIMITS.files:,} are allowed."
        raise refusal([refused(Rule.TOO_MANY, "archive", message)])
    size = sum(file.stat().st_size for file in found.values())
    if size > LIMITS.unpacked_bytes:
        raise refusal([_too_large(size, LIMITS.unpacked_bytes, "The package")])
    return dict(sorted(found.items()))


def _is_built(path: str) -> bool:
    parts = path.split("/")
    built = any(part in _SKIPPED or part.endswith(".egg-info") for part in parts[:-1])
    return built or path.endswith((".pyc", ".pyo"))


def _zip(files: Mapping[str, Path], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path, file in files.items():
            info = zipfile.ZipInfo(path, _EPOCH)
            info.compress_type = method
            info.create_system = 3  # Unix, on every system
            info.external_attr = (0o100000 | _MODE) << 16
            archive.writestr(info, file.read_bytes())
    return buffer.getvalue()


def _tar_gz(files: Mapping[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, file in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = file.stat().st_size, _MODE
            with file.open("rb") as stream:
                archive.addfile(info, stream)
    return buffer.getvalue()


@contextmanager
def _opened(source: bytes | Path) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with source.open("rb") as file:
        yield file
