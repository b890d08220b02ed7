"""BAAI/bge-reranker-v2-m3: how well a passage answers a query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, Field

from mixpeek_orchestration.extractors.services.batches import DATA, spread, texts, with_column
from mixpeek_orchestration.extractors.services.computing import (
    by_length,
    load_once,
    load_pretrained,
    load_tokenizer,
)
from mixpeek_orchestration.extractors.services.configs import ModelConfig
from mixpeek_orchestration.extractors.services.service import ModelService
from mixpeek_orchestration.extractors.services.weights import Weights

if TYPE_CHECKING:
    import pandas as pd


class RerankConfig(ModelConfig):
    """Which query and which passages are compared."""

    query: str = Field(default="", description="One query for all rows, instead of a column.")
    query_column: str = Field(default="query", description="Where each row's query is.")
    text_column: str = Field(
        default=DATA,
        validation_alias=AliasChoices("text_column", "document_column"),
        description="Where the passages are.",
    )
    max_length: int = Field(default=512, ge=8, description="Tokens of query and passage together.")
    normalize: bool = Field(default=True, description="Scores from 0 to 1 instead of the model's raw ones.")


class BGERerankerBatch(ModelService):
    """A score per row for its query and text; null where one of the two has no words."""

    kind = RerankConfig
    output = "score"
    weights = Weights("BAAI/bge-reranker-v2-m3", "953dc6f6f85a1b2dbfca4c34a2796e7dde08d41e")

    def setup(self) -> None:
        folder = self.folder()
        self._model = load_once(self.load_model, folder, self.settings.device)
        self._tokenizer = load_tokenizer(folder)

    @staticmethod
    def load_model(folder: Path) -> Any:
        """The cross-encoder in `folder`, with one score per pair."""
        return load_pretrained("AutoModelForSequenceClassification", folder)

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        passages = texts(batch, self.settings.text_column)
        queries = self._queries(batch)
        pairs = {
            place: (query, passage)
            for place, (query, passage) in enumerate(zip(queries, passages, strict=True))
            if query is not None and passage is not None
        }
        cells = spread(list(pairs), self.scores(list(pairs.values())), len(batch))
        return with_column(batch, self.output_column, cells)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """A score per pair of query and passage, higher for a better answer."""
        self.ready()
        limit = min(self.settings.max_length, self._tokenizer.model_max_length)
        tokens = [
            self._tokenizer(query, passage, truncation="longest_first", max_length=limit)
            for query, passage in pairs
        ]
        scores = [0.0] * len(pairs)
        for group in by_length([len(one["input_ids"]) for one in tokens], self.settings.batch_size):
            for place, score in zip(group, self._run([tokens[place] for place in group]), strict=True):
                scores[place] = score
        return scores

    def _queries(self, batch: pd.DataFrame) -> list[str | None]:
        if self.settings.query:
            return [self.settings.query] * len(batch)
        return texts(batch, self.settings.query_column)

    def _run(self, tokens: list[Any]) -> list[float]:
        import torch

        padded = self._tokenizer.pad(tokens, return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            logits = self._model(**padded).logits.float().squeeze(-1)
        found: list[float] = (logits.sigmoid() if self.settings.normalize else logits).tolist()
        return found
