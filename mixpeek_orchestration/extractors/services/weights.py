"""Which weights a service computes with: pinned for the documented models, resolved to a commit for any other."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from mixpeek_orchestration.extractors.model_files import ModelFile, ModelSpec, files_of, prefetch_hf_model

FILES: Final = ("*.json", "*.txt", "*.model", "*.safetensors")


@dataclass(frozen=True)
class Weights:
    """A model on the hub at one commit, or (without `revision`) a local folder."""

    model_id: str
    revision: str = ""
    files: tuple[str, ...] = FILES

    @property
    def is_local(self) -> bool:
        return Path(self.model_id).expanduser().is_dir()

    def spec(self, backend: str) -> ModelSpec:
        """What identifies them: the commit, or the digests of a folder's files."""
        listed: tuple[ModelFile, ...] = files_of(Path(self.model_id).expanduser()) if self.is_local else ()
        return ModelSpec(self.model_id, self.revision, backend, listed)

    def folder(self) -> Path:
        """The folder that holds them, fetched first if this machine does not have them."""
        return Path(prefetch_hf_model(self.model_id, self.revision or None, self.files))


def chosen(name: str, default: Weights) -> Weights:
    """The weights that a config names, by id, `id@commit` or folder; `default` when it names none."""
    if name in ("", default.model_id):
        return default
    weights = Weights(name, files=default.files)
    if weights.is_local:
        return weights
    model_id, _, commit = name.partition("@")
    return Weights(model_id, commit or _newest_commit(model_id), default.files)


def transformers_backend(edition: int) -> str:
    """The library that computes, its version, and `edition`, which counts up when our own computation changes."""
    return f"transformers-{importlib.metadata.version('transformers')}-fp32-{edition}"


@lru_cache(maxsize=32)
def _newest_commit(model_id: str, patterns: Sequence[str] = ("config.json",)) -> str:
    return Path(prefetch_hf_model(model_id, None, patterns)).name
