"""What the services with one space for pictures and texts have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import AliasChoices, Field

from mixpeek_orchestration.extractors.services.batches import DATA, spread, texts, values, with_column
from mixpeek_orchestration.extractors.services.computing import (
    load_once,
    load_pretrained,
    load_tokenizer,
    normalised,
)
from mixpeek_orchestration.extractors.services.configs import ModelConfig
from mixpeek_orchestration.extractors.services.images import read_images
from mixpeek_orchestration.extractors.services.service import ModelService

if TYPE_CHECKING:
    import pandas as pd


class ImageTextConfig(ModelConfig):
    """What is embedded. Without a column, `data` is: a row of text/* as text, any other row as a picture.

    With both columns, a row that has words is a text.
    """

    text_column: str = Field(default="", description="Where texts are.")
    bytes_column: str = Field(
        default="",
        validation_alias=AliasChoices("bytes_column", "image_column", "url_column"),
        description="Where pictures are: bytes, URLs or paths.",
    )


class ImageTextService(ModelService):
    """Embeds pictures and texts into one space: a text finds the pictures it describes. Null stays null."""

    kind = ImageTextConfig
    output = "embedding"
    dimension: ClassVar[int]
    padding: ClassVar[str | bool] = True
    """How texts were padded when the model was trained."""

    def setup(self) -> None:
        from transformers import AutoImageProcessor

        folder = self.folder()
        self._model = load_once(self.load_model, folder, self.settings.device)
        self._tokenizer = load_tokenizer(folder)
        # One backend everywhere: with torchvision, where it happens to be installed, the pixels differ a little.
        self._pictures = AutoImageProcessor.from_pretrained(str(folder), backend="pil")

    @staticmethod
    def load_model(folder: Path) -> Any:
        """The two towers in `folder`."""
        return load_pretrained("AutoModel", folder)

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        found = self._texts(batch)
        cells = [None] * len(batch) if self._texts_only else self._picture_cells(batch)
        pictures = [place for place, cell in enumerate(cells) if cell is not None and found[place] is None]
        words = [place for place, text in enumerate(found) if text is not None]
        # Read first: a picture that cannot be read must not cost the others a pass through the model.
        read = read_images([cells[place] for place in pictures], self.settings.bytes_column or DATA)
        vectors = [*self.embed_images(read), *self.embed([str(found[place]) for place in words])]
        return with_column(batch, self.output_column, spread([*pictures, *words], vectors, len(batch)))

    def embed(self, texts: list[str], role: str = "query") -> Any:
        """A float32 matrix with one row of length 1 per text."""
        del role
        return self._in_groups(texts, self._text_vectors)

    def embed_images(self, images: list[Any]) -> Any:
        """A float32 matrix with one row of length 1 per picture."""
        return self._in_groups(images, self._picture_vectors)

    def embed_batch(self, texts: list[str]) -> list[list[float]]:
        """The vectors of `texts` as plain lists."""
        vectors: list[list[float]] = self.embed(texts).tolist()
        return vectors

    @property
    def _texts_only(self) -> bool:
        return bool(self.settings.text_column and not self.settings.bytes_column)

    def _texts(self, batch: pd.DataFrame) -> list[str | None]:
        if self.settings.text_column:
            return texts(batch, self.settings.text_column)
        if self.settings.bytes_column or "mime_type" not in batch.columns:
            return [None] * len(batch)
        is_text = [str(mime or "").startswith("text/") for mime in batch["mime_type"]]
        found = [cell if text else None for cell, text in zip(values(batch, DATA), is_text, strict=True)]
        return [text if text and text.strip() else None for text in found]

    def _picture_cells(self, batch: pd.DataFrame) -> list[Any]:
        cells = values(batch, self.settings.bytes_column or DATA)
        if self.settings.bytes_column or "mime_type" not in batch.columns:
            return cells
        is_text = [str(mime or "").startswith("text/") for mime in batch["mime_type"]]
        return [None if text else cell for cell, text in zip(cells, is_text, strict=True)]

    def _in_groups(self, items: list[Any], vectors: Any) -> Any:
        import numpy as np

        self.ready()
        size = self.settings.batch_size
        parts = [vectors(items[start : start + size]) for start in range(0, len(items), size)]
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), dtype=np.float32)

    def _text_vectors(self, texts: list[str]) -> Any:
        import torch

        limit = self._model.config.text_config.max_position_embeddings
        tokens = self._tokenizer(
            texts, padding=self.padding, truncation=True, max_length=limit, return_tensors="pt"
        )
        with torch.inference_mode():
            output = self._model.get_text_features(**tokens.to(self._model.device))
        return normalised(_features(output))

    def _picture_vectors(self, images: list[Any]) -> Any:
        import torch

        pixels = self._pictures(images=images, return_tensors="pt")
        with torch.inference_mode():
            output = self._model.get_image_features(**pixels.to(self._model.device))
        return normalised(_features(output))


def _features(output: Any) -> Any:
    """transformers 5 answers with an object whose pooled output is the vector."""
    return getattr(output, "pooler_output", output)
