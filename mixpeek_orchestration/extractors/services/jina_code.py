"""jinaai/jina-embeddings-v2-base-code: English and 30 programming languages, 768 numbers each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.extractors.services.computing import on_device
from mixpeek_orchestration.extractors.services.text_embedding import (
    Encoder,
    MeanPooledEncoder,
    TextEmbeddingService,
    load_tokenizer,
)
from mixpeek_orchestration.extractors.services.weights import Weights, chosen

_MAX_TOKENS: Final = 2048


class JinaCodeEmbeddingBatch(TextEmbeddingService):
    """Embeddings of code and of questions about it, 768 numbers of length 1; queries and passages alike.

    The model takes up to 8192 tokens; the default `max_length` is 2048, because memory grows with its square.
    """

    weights = Weights("jinaai/jina-embeddings-v2-base-code", "516f4baf13dec4ddddda8631e019b5737c8bc250")
    dimension = 768

    def load_encoder(self) -> Encoder:
        folder = chosen(self.settings.model_name, self.weights).folder()
        return MeanPooledEncoder(
            _loaded(folder, self.settings.device),
            load_tokenizer(folder),
            batch_size=self.settings.batch_size,
            max_length=self.settings.max_length or _MAX_TOKENS,
        )


@lru_cache(maxsize=2)
def _loaded(folder: Path, device: str) -> Any:
    from mixpeek_orchestration.extractors.services.jina_bert import load_jina_bert

    return on_device(load_jina_bert(folder), device)
