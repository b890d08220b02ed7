"""Chooses the encoder of a model: one rule for documents and queries, and no second choice if it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from shared.extractors.sdk import ModelSpec
from shared.inference.registry import get_batch_service

from .sentence_model import load_sentence_model, sentence_model_spec

MINILM = get_batch_service("sentence-transformers/all-MiniLM-L6-v2")


class Encoder(Protocol):
    def encode(self, texts: list[str]) -> Any:
        """A float32 matrix with one row per text."""

    def cut_tokens(self, texts: list[str]) -> list[int]:
        """How many tokens at the end of each text the model does not read."""


@dataclass(frozen=True)
class EncoderChoice:
    """A model, the backend that computes it, and how many numbers it gives."""

    spec: ModelSpec
    dimension: int
    make: Callable[[], Encoder]

    def load(self) -> Encoder:
        """The encoder, loaded once per process."""
        return _loaded(self)


def choose_encoder(model: str) -> EncoderChoice:
    """onnxruntime for all-MiniLM-L6-v2, sentence-transformers for every other model."""
    if model in ("sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM-L6-v2"):
        return EncoderChoice(MINILM.models()[0], MINILM.dimension, _load_minilm)
    spec, dimension, folder = sentence_model_spec(model)
    return EncoderChoice(spec, dimension, _LoadSentenceModel(folder))


def _load_minilm() -> Encoder:
    return MINILM().load_encoder()


@dataclass(frozen=True)
class _LoadSentenceModel:
    folder: str

    def __call__(self) -> Encoder:
        return load_sentence_model(self.folder)


@lru_cache(maxsize=4)
def _loaded(choice: EncoderChoice) -> Encoder:
    return choice.make()
