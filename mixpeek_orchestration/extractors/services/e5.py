"""intfloat/multilingual-e5-large-instruct: texts of some 100 languages, 1024 numbers each."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from mixpeek_orchestration.extractors.services.text_embedding import Role, TextConfig, TextEmbeddingService
from mixpeek_orchestration.extractors.services.weights import Weights

TASK: Final = "Given a web search query, retrieve relevant passages that answer the query"


class E5Config(TextConfig):
    """How E5 embeds."""

    instruction: str = Field(default=TASK, description="What a query is for, in one sentence, for the model.")
    role: Role = Field(default="passage", description="What the rows are: passages to find, or queries.")


class E5TextEmbeddingBatch(TextEmbeddingService):
    """E5 embeddings of texts, 1024 numbers of length 1, cut after 512 tokens.

    The model was trained with an instruction before every query and none before passages, so a query and a passage
    with the same words have different vectors.
    """

    kind = E5Config
    weights = Weights("intfloat/multilingual-e5-large-instruct", "274baa43b0e13e37fafa6428dbc7938e62e5c439")
    dimension = 1024
    max_tokens = 512

    def prepared(self, text: str, role: Role) -> str:
        if "query" in (role, self.settings.role):
            return f"Instruct: {self.settings.instruction}\nQuery: {text}"
        return text
