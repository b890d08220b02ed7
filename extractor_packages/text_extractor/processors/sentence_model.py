"""Any other model, through sentence-transformers."""

import importlib.metadata
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.extractors.sdk import (
    InvalidInput,
    ModelSpec,
    files_of,
    prefetch_hf_model,
    worker_threads,
)

_DESCRIBING = ["*.json", "*/*.json", "*.txt"]
_POOLING_PREFIX = "pooling_mode_"


def sentence_model_spec(model: str) -> tuple[ModelSpec, int, str]:
    """What identifies the model, how many numbers it gives, and what to load: a folder, or `id@commit`."""
    backend = f"sentence-transformers/{importlib.metadata.version('sentence-transformers')}"
    if Path(model).expanduser().is_dir():
        folder = Path(model).expanduser().resolve()
        return ModelSpec(model, "", backend, files_of(folder)), _dimension(folder, model), str(folder)
    name, _, revision = model.partition("@")
    folder, commit = _described_on_hub(name, revision or None)
    return ModelSpec(name, commit, backend), _dimension(folder, model), f"{name}@{commit}"


def load_sentence_model(location: str) -> "SentenceModel":
    """The model, its weights fetched first if they are not on this machine."""
    if Path(location).is_dir():
        return SentenceModel(location)
    name, _, commit = location.partition("@")
    return SentenceModel(prefetch_hf_model(name, revision=commit))


class SentenceModel:
    """Encodes texts as `SentenceTransformer.encode` does, because it is that."""

    def __init__(self, folder: str) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(worker_threads())
        self._model = SentenceTransformer(folder, device="cpu")

    def encode(self, texts: list[str]) -> Any:
        """A float32 matrix with one row per text."""
        return self._model.encode(texts, convert_to_numpy=True, show_progress_bar=False)

    def cut_tokens(self, texts: list[str]) -> list[int]:
        """How many tokens at the end of each text are more than the model reads."""
        limit = self._model.max_seq_length
        if not isinstance(limit, int) or not texts:
            return [0] * len(texts)
        tokens = self._model.tokenizer(texts, truncation=False, verbose=False)["input_ids"]
        return [max(0, len(ids) - limit) for ids in tokens]


@lru_cache(maxsize=32)
def _described_on_hub(name: str, revision: str | None) -> tuple[Path, str]:
    """The folder with the model's configuration and the commit that it is of. Only small files are fetched."""
    try:
        folder = Path(prefetch_hf_model(name, revision=revision, allow_patterns=_DESCRIBING))
    except InvalidInput as error:
        raise InvalidInput(
            error.message, field="parameters.embedding_model", value=name, fix=error.fix
        ) from error
    return folder, folder.name


def _dimension(folder: Path, model: str) -> int:
    """The length of the model's vectors, read from its configuration without loading it."""
    modules = folder / "modules.json"
    width = 0
    for module in json.loads(modules.read_text()) if modules.is_file() else []:
        config = folder / module["path"] / "config.json"
        settings = json.loads(config.read_text()) if config.is_file() else {}
        width = _width_after(module["type"].rsplit(".", 1)[-1], settings, width)
    if not width:
        raise InvalidInput(
            f"{model!r} is not a sentence-transformers model whose vector length is known.",
            field="parameters.embedding_model",
            value=model,
            fix="Save it with SentenceTransformer.save_pretrained, with a pooling module.",
        )
    return width


def _width_after(kind: str, settings: dict[str, Any], width: int) -> int:
    if kind == "Pooling":
        flags = [value for key, value in settings.items() if key.startswith(_POOLING_PREFIX)]
        modes = sum(value is True for value in flags) or 1
        return int(settings.get("word_embedding_dimension") or settings["embedding_dimension"]) * modes
    return int(settings["out_features"]) if kind == "Dense" else width
