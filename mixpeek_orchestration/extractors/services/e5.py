"""intfloat/multilingual-e5-large-instruct: texts of some 100 languages, 1024 numbers each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from mixpeek_orchestration.extractors.services.computing import load_pretrained
from mixpeek_orchestration.extractors.services.text_embedding import (
    Encoder,
    MeanPooledEncoder,
    Role,
    TextConfig,
    TextEmbeddingService,
    load_tokenizer,
)
from mixpeek_orchestration.extractors.services.weights import Weights, chosen

TASK: Final = "Given a web search query, retrieve relevant passages that answer the query"
_MAX_TOKENS: Final = 512


class E5Config(TextConfig):
    """How E5 embeds."""

    instruction: str = Field(default=TASK, description="What a query is for, in one sentence, for the model.")
    role: Role = Field(default="passage", description="What the rows are: passages to find, or queries.")


class E5TextEmbeddingBatch(TextEmbeddingService):
    """E5 embeddings of texts, 1024 numbers of length 1.

    The model was trained with an instruction before every query and none before passages, so a query and a passage
    with the same words have different vectors.
    """

    kind = E5Config
    weights = Weights("intfloat/multilingual-e5-large-instruct", "274baa43b0e13e37fafa6428dbc7938e62e5c439")
    dimension = 1024

    def load_encoder(self) -> Encoder:
        folder = chosen(self.settings.model_name, self.weights).folder()
        return MeanPooledEncoder(
            _loaded(folder, self.settings.device),
            load_tokenizer(folder),
            batch_size=self.settings.batch_size,
            max_length=self.settings.max_length or _MAX_TOKENS,
        )

    def prepared(self, text: str, role: Role) -> str:
        if "query" in (role, self.settings.role):
            return f"Instruct: {self.settings.instruction}\nQuery: {text}"
        return text


@lru_cache(maxsize=2)
def _loaded(folder: Path, device: str) -> Any:
    return load_pretrained("AutoModel", folder, device)
