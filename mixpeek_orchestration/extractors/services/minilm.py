"""sentence-transformers/all-MiniLM-L6-v2: English texts, 384 numbers each."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.extractors.model_files import ModelSpec
from mixpeek_orchestration.extractors.services.minilm_onnx import (
    MAX_TOKENS,
    MINILM,
    MINILM_SPEC,
    REVISION,
    load_minilm,
)
from mixpeek_orchestration.extractors.services.text_embedding import Encoder, TextEmbeddingService
from mixpeek_orchestration.extractors.services.weights import Weights


class MiniLMEmbeddingBatch(TextEmbeddingService):
    """MiniLM embeddings of texts, 384 numbers of length 1, cut after 256 tokens.

    On onnxruntime, which gives the vectors of sentence-transformers sooner; weights that `model_name` names instead
    run on transformers.
    """

    weights = Weights(MINILM, REVISION)
    dimension = 384
    max_tokens = MAX_TOKENS

    @classmethod
    def models(cls, config: Any = None) -> tuple[ModelSpec, ...]:
        return (MINILM_SPEC,) if cls._is_default(cls.read(config)) else super().models(config)

    def load_encoder(self) -> Encoder:
        return load_minilm() if self._is_default(self.settings) else super().load_encoder()

    @staticmethod
    def _is_default(settings: Any) -> bool:
        named = settings.model_name in ("", MINILM, MINILM.partition("/")[2])
        return named and settings.max_length in (None, MAX_TOKENS)
