"""Behind `engine.models`, `engine.models.lazy`, `engine.models.loader`, `shared.models.loader` and `mixpeek_dev.models`."""

# ruff: noqa: F822 - the names are looked up when they are asked for

from __future__ import annotations

import importlib
from typing import Any

__all__ = [
    "LazyModelMixin",
    "is_hf_model_cached",
    "lazy_model",
    "load_custom_model",
    "load_hf_model",
    "load_hf_model_async",
    "load_namespace_model",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return getattr(importlib.import_module("mixpeek_orchestration.extractors.models"), name)
