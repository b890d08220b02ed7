"""Models that a processor loads with its first batch: the documented mixin and decorator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from mixpeek_orchestration.core.errors import InvalidPackage

C = TypeVar("C", bound=type)
_SOURCES = ("huggingface", "namespace")


class LazyModelMixin:
    """A processor's model, loaded once per process and shared by all its instances.

    Subclasses say which: `model_id`, and where wanted `model_class`, `tokenizer_class`, `torch_dtype`, and
    `model_source` ("huggingface" or "namespace"). They may override `_instantiate_model(cached)`.
    """

    model_id: ClassVar[str] = ""
    model_class: ClassVar[Any] = "AutoModel"
    tokenizer_class: ClassVar[Any] = "AutoTokenizer"
    torch_dtype: ClassVar[Any] = None
    model_source: ClassVar[str] = "huggingface"

    _loaded: ClassVar[dict[tuple[Any, ...], tuple[Any, Any]]] = {}
    _load_lock: ClassVar[threading.Lock] = threading.Lock()

    def get_model(self) -> tuple[Any, Any]:
        """The model, ready for inference, and its tokenizer (`None` where the weights bring none)."""
        key = (type(self), self.model_id, self.model_source, self._owner())
        with LazyModelMixin._load_lock:
            if key not in LazyModelMixin._loaded:
                LazyModelMixin._loaded[key] = self._instantiate_model(self._cached())
            return LazyModelMixin._loaded[key]

    def ensure_model_loaded(self) -> None:
        """Afterwards `self.model` and `self.tokenizer` are there."""
        self.model, self.tokenizer = self.get_model()

    def _owner(self) -> str:
        """Two namespaces may have different models of one name."""
        if self.model_source != "namespace":
            return ""
        from mixpeek_orchestration.extractors.container import current_platform

        return current_platform("LazyModelMixin").namespace_id

    def _cached(self) -> Any:
        """The weights as they were loaded, before they are a model."""
        from mixpeek_orchestration.extractors.models import load_hf_model, load_namespace_model

        if not self.model_id or self.model_source not in _SOURCES:
            raise InvalidPackage(
                f"{type(self).__name__} does not say which model it loads.",
                field="model_source" if self.model_id else "model_id",
                value=self.model_source if self.model_id else self.model_id,
                fix='Set model_id, and model_source to "huggingface" or "namespace".',
            )
        if self.model_source == "namespace":
            name, _, version = self.model_id.partition("@")
            return load_namespace_model(name, version or None)
        model_id, _, revision = self.model_id.partition("@")
        return load_hf_model(
            model_id,
            _name(self.model_class),
            _name(self.tokenizer_class),
            self.torch_dtype,
            revision=revision or None,
        )

    def _instantiate_model(self, cached: Any) -> tuple[Any, Any]:
        """The model built from its weights, and its tokenizer."""
        import transformers

        if not (isinstance(cached, dict) and "config" in cached):
            raise InvalidPackage(
                f"The model {self.model_id!r} is weights without a configuration.",
                field="_instantiate_model",
                value=self.model_id,
                fix="Define _instantiate_model(self, cached) and return (model, tokenizer).",
            )
        chosen = self.model_class
        cls = getattr(transformers, chosen) if isinstance(chosen, str) else chosen
        state, config = cached["state_dict"], cached["config"]
        model = cls.from_pretrained(
            None, config=config, state_dict=state, torch_dtype=_dtype(self.torch_dtype)
        )
        return model.to(self._detect_device()).eval(), self._tokenizer(cached)

    def _tokenizer(self, cached: dict[str, Any]) -> Any:
        import transformers

        described = cached["tokenizer_config"]
        chosen = self.tokenizer_class
        cls = getattr(transformers, chosen) if isinstance(chosen, str) else chosen
        if cls is None:
            return None
        try:
            return cls.from_pretrained(described["tokenizer_dir"], trust_remote_code=False)
        except (OSError, ValueError):
            return None  # weights of pictures and sounds bring none

    def _detect_device(self) -> str:
        """The accelerator of this machine, else the CPU."""
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"


def lazy_model(
    cls: C | None = None,
    *,
    model_id: str = "",
    model_class: Any = "AutoModel",
    tokenizer_class: Any = "AutoTokenizer",
    torch_dtype: Any = None,
    model_source: str = "huggingface",
) -> C | Callable[[C], C]:
    """The class with a lazy model, as if it derived from `LazyModelMixin`; what the class says itself goes first."""

    def decorate(target: C) -> C:
        said = {
            "model_id": model_id,
            "model_class": model_class,
            "tokenizer_class": tokenizer_class,
            "torch_dtype": torch_dtype,
            "model_source": model_source,
        }
        own = {name: value for name, value in said.items() if name not in vars(target)}
        copied = {name: getattr(target, name) for name in ("__module__", "__qualname__", "__doc__")}
        made: Any = type(target.__name__, (target, LazyModelMixin), {**own, **copied})
        return made

    return decorate if cls is None else decorate(cls)


def _name(chosen: Any) -> str:
    return chosen if isinstance(chosen, str) else getattr(chosen, "__name__", "")


def _dtype(torch_dtype: Any) -> Any:
    from mixpeek_orchestration.extractors.models import as_dtype

    return None if torch_dtype is None else as_dtype(torch_dtype)
