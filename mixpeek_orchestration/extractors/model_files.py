"""Model weights: where they are kept on this machine, and how a package names the ones it computes with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.extractor import ModelDescription
from mixpeek_orchestration.core.identity import digest

_DEFAULT = Path("~/.cache/mixpeek/models")
_folder: Path | None = None

Fetch = Callable[[str, str | None, list[str] | None], str]
_fetch_with: Fetch | None = None


@dataclass(frozen=True)
class ModelFile:
    """One file of a model and the SHA-256 it must have."""

    name: str
    sha256: str


@dataclass(frozen=True)
class ModelSpec:
    """Weights that a pipeline computes with. Everything here is part of `code_fp`: another revision, backend or
    file makes the rows stale."""

    model_id: str
    revision: str
    backend: str
    files: tuple[ModelFile, ...] = ()

    @property
    def digest(self) -> str:
        """One digest over the declared files, empty when the revision alone identifies the weights."""
        listed = sorted((file.name, file.sha256) for file in self.files)
        return digest("files", *[part for pair in listed for part in pair]) if listed else ""

    def described(self) -> ModelDescription:
        return ModelDescription(self.model_id, self.revision, self.backend, self.digest)


def use_model_cache(folder: Path | str) -> None:
    """From now on this process keeps model files in `folder`."""
    global _folder
    _folder = Path(folder)


def fetch_models_with(fetch: Fetch) -> None:
    """From now on models of the hub are fetched by `fetch` in this process: a jailed worker may not."""
    global _fetch_with
    _fetch_with = fetch


def model_cache() -> Path:
    """The folder for downloaded and converted model files, made if need be."""
    folder = (_folder or _DEFAULT).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def worker_threads() -> int:
    """How many threads this worker may compute with: what its host allots (`OMP_NUM_THREADS`), else all its cores."""
    allotted = os.environ.get("OMP_NUM_THREADS", "")
    if allotted.isdigit() and int(allotted) > 0:
        return int(allotted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prefetch_hf_model(
    model_id: str,
    revision: str | None = None,
    allow_patterns: Sequence[str] | None = None,
    *,
    online: bool = True,
) -> str:
    """The local folder of a Hugging Face model (or of a folder given by path), downloaded if it is not here yet and we
    are `online`."""
    if Path(model_id).expanduser().is_dir():
        return str(Path(model_id).expanduser())
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    patterns = list(allow_patterns) if allow_patterns else None
    if _fetch_with is not None:
        return _fetch_with(model_id, revision, patterns)
    try:
        return snapshot_download(
            model_id, revision=revision, allow_patterns=patterns, local_files_only=not online
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, ValueError) as error:
        raise InvalidInput(
            f"The model {model_id!r} is neither on this machine nor on the hub.",
            field="model_id",
            value=model_id,
            fix="Check its name and the network, or give the path of a folder that holds it.",
        ) from error


def files_of(folder: Path | str) -> tuple[ModelFile, ...]:
    """Every file under `folder` with its SHA-256: what identifies a model that has no revision."""
    root = Path(folder)
    paths = sorted(path for path in root.rglob("*") if path.is_file() and not _is_hidden(path, root))
    return tuple(ModelFile(path.relative_to(root).as_posix(), sha256_of(path)) for path in paths)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, computed once per state of the file."""
    state = path.stat()
    return _sha256(str(path), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1024)
def _sha256(path: str, _mtime_ns: int, _size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
