"""What the services that embed text have in common: rows of words in, one vector of length 1 for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import Field

from mixpeek_orchestration.extractors.services.batches import DATA, spread, texts, with_column
from mixpeek_orchestration.extractors.services.computing import (
    by_length,
    load_once,
    load_pretrained,
    load_tokenizer,
    normalised,
)
from mixpeek_orchestration.extractors.services.configs import ModelConfig
from mixpeek_orchestration.extractors.services.service import ModelService

if TYPE_CHECKING:
    import pandas as pd

Role = Literal["passage", "query"]


class TextConfig(ModelConfig):
    """How texts are embedded."""

    text_column: str = Field(default=DATA, description="Where the texts are.")
    max_length: int | None = Field(
        default=None, ge=2, description="Tokens after which a text is cut; the model's own limit by default."
    )


class Encoder(Protocol):
    def encode(self, texts: list[str]) -> Any:
        """A float32 matrix with one row per text."""


class TextEmbeddingService(ModelService):
    """Embeds texts; a row without words has no vector, and no row has a zero vector."""

    kind = TextConfig
    output = "embedding"
    dimension: ClassVar[int]
    max_tokens: ClassVar[int]

    def setup(self) -> None:
        self._encoder = self.load_encoder()

    def load_encoder(self) -> Encoder:
        """The model behind this service, on the device of its config."""
        folder = self.folder()
        tokenizer = load_tokenizer(folder)
        return MeanPooledEncoder(
            load_once(self.load_model, folder, self.settings.device),
            tokenizer,
            batch_size=self.settings.batch_size,
            max_length=min(self.settings.max_length or self.max_tokens, tokenizer.model_max_length),
        )

    @staticmethod
    def load_model(folder: Path) -> Any:
        """The transformer in `folder`, which answers with the last state of every token."""
        return load_pretrained("AutoModel", folder)

    def prepared(self, text: str, role: Role) -> str:
        """The text as the model wants it: as it is, unless its training set passages and queries apart."""
        del role
        return text

    def embed(self, texts: list[str], role: Role = "passage") -> Any:
        """A float32 matrix with one row of length 1 per text."""
        self.ready()
        return self._encoder.encode([self.prepared(text, role) for text in texts])

    def embed_batch(self, texts: list[str]) -> list[list[float]]:
        """The vectors of `texts` as plain lists."""
        vectors: list[list[float]] = self.embed(texts).tolist()
        return vectors

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        found = texts(batch, self.settings.text_column)
        present = [place for place, text in enumerate(found) if text is not None]
        vectors = self.embed([text for text in found if text is not None]) if present else []
        return with_column(batch, self.output_column, spread(present, list(vectors), len(found)))


class MeanPooledEncoder:
    """A transformer's last states, averaged over the real tokens of each text and scaled to length 1."""

    def __init__(self, model: Any, tokenizer: Any, *, batch_size: int, max_length: int) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._batch_size, self._max_length = batch_size, max_length

    def encode(self, texts: list[str]) -> Any:
        import numpy as np

        tokens = (
            self._tokenizer(texts, truncation=True, max_length=self._max_length)["input_ids"] if texts else []
        )
        groups = list(by_length([len(ids) for ids in tokens], self._batch_size))
        parts = [self._run([tokens[place] for place in group]) for group in groups]
        vectors = np.empty((len(texts), parts[0].shape[1] if parts else 0), dtype=np.float32)
        for group, part in zip(groups, parts, strict=True):
            vectors[group] = part
        return vectors

    def _run(self, tokens: list[list[int]]) -> Any:
        import torch

        padded = self._tokenizer.pad({"input_ids": tokens}, return_tensors="pt").to(self._model.device)
        ids, mask = padded["input_ids"], padded["attention_mask"]
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        real = mask.unsqueeze(-1).to(states.dtype)
        return normalised((states * real).sum(1) / real.sum(1).clamp(min=1))
