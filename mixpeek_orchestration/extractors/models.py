"""Loading weights inside a running extractor: from the hub, or the namespace's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.container import current_platform
from mixpeek_orchestration.extractors.lazy_models import LazyModelMixin, lazy_model
from mixpeek_orchestration.extractors.model_files import prefetch_hf_model

__all__ = [
    "LazyModelMixin",
    "is_hf_model_cached",
    "lazy_model",
    "load_custom_model",
    "load_hf_model",
    "load_hf_model_async",
    "load_namespace_model",
]

_HF_FILES: Final = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin")
_TORCH: Final = (".pt", ".pth", ".bin", ".ckpt")


class ModelFuture(Future[dict[str, Any]]):
    """What `load_hf_model_async` returns: `.result()` waits, and so does `await`."""

    def __await__(self) -> Generator[Any, None, dict[str, Any]]:
        import asyncio

        return asyncio.wrap_future(self).__await__()


def load_hf_model(
    hf_model_id: str,
    model_class: str = "AutoModel",
    tokenizer_class: str = "AutoTokenizer",
    torch_dtype: Any = None,
    *,
    revision: str | None = None,
) -> dict[str, Any]:
    """The weights of a model of the hub (or of a local folder) with what is needed to build it: `state_dict`, `config`,
    `tokenizer_config` (`tokenizer_dir`, `class`), `model_class` and `hf_model_id`. Nothing of the model's code runs."""
    folder = Path(prefetch_hf_model(hf_model_id, revision, _HF_FILES))
    return {**_of_folder(folder, model_class, tokenizer_class, torch_dtype), "hf_model_id": hf_model_id}


def load_hf_model_async(hf_model_id: str, *args: Any, **options: Any) -> ModelFuture:
    """As `load_hf_model`, in the background."""
    future = ModelFuture()

    def work() -> None:
        try:
            future.set_result(load_hf_model(hf_model_id, *args, **options))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=work, name=f"load {hf_model_id}", daemon=True).start()
    return future


def is_hf_model_cached(hf_model_id: str, revision: str | None = None) -> bool:
    """Whether the configuration and weights of a model of the hub are on this machine."""
    if Path(hf_model_id).expanduser().is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache

    def cached(name: str) -> bool:
        return isinstance(try_to_load_from_cache(hf_model_id, name, revision=revision), str)

    weights = (
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
    )
    return cached("config.json") and any(map(cached, weights))


def load_namespace_model(name: str, version: str | None = None) -> Any:
    """The namespace's own weights, by name (the newest version without one) or id: a state dict for pytorch and
    safetensors, the bytes of an onnx model, and for huggingface what `load_hf_model` returns."""
    folder = current_platform("load_namespace_model").model_files(name, version)
    if (folder / "config.json").is_file():
        return {**_of_folder(folder, "AutoModel", "AutoTokenizer", None), "hf_model_id": name}
    onnx = sorted(folder.rglob("*.onnx"))
    return onnx[0].read_bytes() if onnx else _state_dict(folder)


def load_custom_model(name: str, version: str | None = None) -> Any:
    """The older name of `load_namespace_model`."""
    return load_namespace_model(name, version)


def _of_folder(folder: Path, model_class: str, tokenizer_class: str, torch_dtype: Any) -> dict[str, Any]:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    state = _state_dict(folder)
    if torch_dtype is not None:
        dtype = as_dtype(torch_dtype)
        state = {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}
    return {
        "state_dict": state,
        "config": config,
        "tokenizer_config": {"tokenizer_dir": str(folder), "class": tokenizer_class},
        "model_class": model_class,
    }


def as_dtype(torch_dtype: Any) -> Any:
    """A torch dtype from itself or from its name."""
    import torch

    return getattr(torch, torch_dtype) if isinstance(torch_dtype, str) else torch_dtype


def _state_dict(folder: Path) -> dict[str, Any]:
    """The tensors of all weight files of a folder; safetensors before pickles, which are read as weights only."""
    state: dict[str, Any] = {}
    safe = sorted(folder.rglob("*.safetensors"))
    for path in safe:
        from safetensors.torch import load_file

        state |= load_file(path)
    for path in [] if safe else sorted(path for path in folder.rglob("*") if path.suffix in _TORCH):
        loaded = _weights_only(path)
        state |= loaded.get("state_dict", loaded)
    if not state:
        raise InvalidPackage(
            "The model has no weight files.",
            field="model",
            value=json.dumps(sorted(path.name for path in folder.iterdir())),
            fix="Upload .safetensors, .pt, .bin or .onnx files.",
        )
    return state


def _weights_only(path: Path) -> dict[str, Any]:
    import pickle

    import torch

    try:
        loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InvalidPackage(
            f"{path.name} holds more than weights, and loading it would run code.",
            field="model",
            value=path.name,
            fix="Save its state_dict() alone, or as safetensors.",
        ) from error
    return loaded
