"""jinaai/jina-embeddings-v2-base-code: English and 30 programming languages, 768 numbers each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mixpeek_orchestration.extractors.services.text_embedding import TextEmbeddingService
from mixpeek_orchestration.extractors.services.weights import Weights


class JinaCodeEmbeddingBatch(TextEmbeddingService):
    """Embeddings of code and of questions about it, 768 numbers of length 1; queries and passages alike.

    The model takes up to 8192 tokens; the default `max_length` is 2048, because memory grows with its square.
    """

    weights = Weights("jinaai/jina-embeddings-v2-base-code", "516f4baf13dec4ddddda8631e019b5737c8bc250")
    dimension = 768
    max_tokens = 2048

    @staticmethod
    def load_model(folder: Path) -> Any:
        from mixpeek_orchestration.extractors.services.jina_bert import load_jina_bert

        return load_jina_bert(folder)
