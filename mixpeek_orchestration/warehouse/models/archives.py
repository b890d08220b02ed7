"""The files of a model: packed into one for the way, unpacked safely, and known by a digest that packing leaves alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.own_model import MAX_BYTES

MAX_FILES: Final = 10_000
_CHUNK: Final = 1 << 20
_PLAIN_NAMES: Final = {
    "pytorch": "model.pt",
    "safetensors": "model.safetensors",
    "onnx": "model.onnx",
    "huggingface": "model.safetensors",
}
_ENDINGS: Final = {
    "pytorch": (".pt", ".pth", ".bin", ".ckpt"),
    "safetensors": (".safetensors",),
    "onnx": (".onnx",),
}


def packed(folder: Path, target: IO[bytes]) -> None:
    """The files of a folder as one tar in `target`: links followed, hidden files left out, the same for the same files."""
    with tarfile.open(fileobj=target, mode="w", dereference=True, format=tarfile.PAX_FORMAT) as tar:
        for path in _files(folder):
            info = tar.gettarinfo(str(path), path.relative_to(folder).as_posix())
            info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode = 0, 0, 0, "", "", 0o644
            with path.open("rb") as source:
                tar.addfile(info, source)


def unpacked(file: Path, target: Path, model_format: str) -> None:
    """The files of a model in the folder `target`: those of an archive, or the one file under its usual name.

    Raises `InvalidInput` for an archive with paths that lead out of it, links that do, devices, or too much in it.
    """
    target.mkdir(parents=True, exist_ok=True)
    try:
        if _is_zip_archive(file):
            _unpack_zip(file, target)
        elif not zipfile.is_zipfile(file) and tarfile.is_tarfile(file):
            _unpack_tar(file, target)
        else:
            shutil.copyfile(file, target / _PLAIN_NAMES[model_format])
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise _refused(f"The archive cannot be unpacked: {error}") from error


def check_format(folder: Path, model_format: str) -> None:
    """Raises `InvalidInput` when the files are not what their format says."""
    if model_format == "huggingface":
        root = model_root(folder)
        if not (root / "config.json").is_file():
            raise _refused("A huggingface model needs a config.json.")
        return
    files = [path for path in _files(folder) if path.suffix in _ENDINGS[model_format]]
    if not files:
        raise _refused(f"No file ends in {' or '.join(_ENDINGS[model_format])}.")
    for path in files:
        if not _looks_like(path, model_format):
            raise _refused(f"{path.name} is not a {model_format} file.")


def model_root(folder: Path) -> Path:
    """The folder with the files: the archive's own, or the only folder in it."""
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def files_digest(folder: Path) -> str:
    """One digest over names and contents."""
    parts: list[str] = []
    for path in _files(folder):
        with path.open("rb") as file:
            parts += [path.relative_to(folder).as_posix(), hashlib.file_digest(file, "sha256").hexdigest()]
    return digest("files", *parts)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _is_zip_archive(file: Path) -> bool:
    """Whether it is a zip, but not the one that `torch.save` writes."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return not any(name.endswith("/data.pkl") and name.count("/") == 1 for name in archive.namelist())


def _unpack_zip(file: Path, target: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        _check_size(len(members), sum(member.file_size for member in members))
        for member in members:
            name = PurePosixPath(member.filename)
            if name.is_absolute() or ".." in name.parts or "\\" in member.filename:
                raise _refused(f"{member.filename!r} leads out of the archive.")
        archive.extractall(target)  # writes links as plain files, and never more than the sizes checked


def _unpack_tar(file: Path, target: Path) -> None:
    size = 0
    with tarfile.open(file) as archive:
        for count, member in enumerate(archive, start=1):
            size += member.size
            _check_size(count, size)
            archive.extract(member, target, filter="data")


def _check_size(count: int, size: int) -> None:
    if count > MAX_FILES or size > MAX_BYTES:
        raise _refused(f"The archive holds more than {MAX_FILES:,} files or {MAX_BYTES:,} bytes.")


def _looks_like(path: Path, model_format: str) -> bool:
    with path.open("rb") as file:
        start = file.read(8)
        if model_format == "safetensors":
            return _is_safetensors(file, start, path.stat().st_size)
    if model_format == "onnx":
        return start[:1] == b"\x08"  # the field ir_version, which every exporter writes first
    return start[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04")


def _is_safetensors(file: IO[bytes], start: bytes, size: int) -> bool:
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(size, 100_000_000):
        return False
    try:
        return isinstance(json.loads(file.read(length)), dict)
    except ValueError:
        return False


def _refused(message: str) -> InvalidInput:
    return InvalidInput(
        message, field="file", fix="Send one file, or a zip, tar or tar.gz with the files of the model."
    )
