"""Where a model computes, and how its inputs are grouped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from mixpeek_orchestration.extractors.model_files import worker_threads


@lru_cache(maxsize=4)
def load_once(load: Callable[[Path], Any], folder: Path, device: str) -> Any:
    """The model that `load` makes of `folder`, ready for inference in 32-bit floats, one per process and device;
    `auto` is a GPU where there is one."""
    import torch

    torch.set_num_threads(worker_threads())
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return load(folder).to(device=device, dtype=torch.float32).eval()


def load_pretrained(kind: str, folder: Path) -> Any:
    """The model in `folder`, by the name of its transformers class; nothing of the folder is executed."""
    import transformers
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    return getattr(transformers, kind).from_pretrained(str(folder), trust_remote_code=False)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in `folder`; nothing of the folder is executed."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)


def by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Places in groups of at most `size`, similar lengths together, so that little is computed over padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), size):
        yield order[start : start + size]


def normalised(vectors: Any) -> Any:
    """Rows of length 1, as float32 numpy."""
    import torch

    return torch.nn.functional.normalize(vectors.float(), p=2, dim=-1).cpu().numpy()
