"""Where a model computes, and how its inputs are grouped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mixpeek_orchestration.extractors.model_files import worker_threads


def load_pretrained(kind: str, folder: Path, device: str) -> Any:
    """The model in `folder`, by the name of its transformers class; nothing of the folder is executed."""
    import transformers
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    model = getattr(transformers, kind).from_pretrained(str(folder), trust_remote_code=False)
    return on_device(model, device)


def on_device(model: Any, device: str) -> Any:
    """The model ready for inference on `device`, in 32-bit floats; `auto` is a GPU where there is one."""
    import torch

    torch.set_num_threads(worker_threads())
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return model.to(device=device, dtype=torch.float32).eval()


def by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Places in groups of at most `size`, similar lengths together, so that little is computed over padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), size):
        yield order[start : start + size]


def normalised(vectors: Any) -> Any:
    """Rows of length 1, as float32 numpy."""
    import torch

    return torch.nn.functional.normalize(vectors.float(), p=2, dim=-1).cpu().numpy()
