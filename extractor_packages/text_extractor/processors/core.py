"""The batch step: rows of text in, a row per chunk with its vector out."""

from typing import TYPE_CHECKING, Any

from shared.extractors.sdk import BatchProcessor

from ..manifest import VECTOR
from .embedding import choose_encoder
from .splitting import Chunk, make_splitter

if TYPE_CHECKING:
    import pandas as pd


class TextProcessor(BatchProcessor):
    """Splits every row's text and embeds all chunks of the batch together. A row without words gives no rows."""

    def setup(self) -> None:
        options: dict[str, Any] = self.config
        self._split = make_splitter(options["split_by"], options["chunk_size"], options["chunk_overlap"])
        self._encoder = choose_encoder(options["embedding_model"]).load()

    def process(self, batch: "pd.DataFrame") -> "pd.DataFrame":
        """One row per chunk: the columns of the row that it comes from, its text, place and vector."""
        chunks = [
            (row, place, chunk)
            for row, text in enumerate(batch["data"].fillna(""))
            for place, chunk in enumerate(self._split(_checked(text)))
        ]
        rows = batch.iloc[[row for row, _, _ in chunks]].reset_index(drop=True)
        texts = [chunk.text for _, _, chunk in chunks]
        vectors = self._encoder.encode(texts)
        return rows.assign(
            **_columns([chunk for _, _, chunk in chunks]),
            **_cut(self._encoder.cut_tokens(texts)),
            chunk_index=[place for _, place, _ in chunks],
            **{VECTOR: list(vectors)},
        )


def _checked(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"The row holds {type(text).__name__}, not text.")
    return text


def _cut(tokens: list[int]) -> dict[str, list[int]]:
    """The column that says of which chunks the vector does not cover the end, where there is one."""
    return {"truncated_tokens": tokens} if any(tokens) else {}


def _columns(chunks: list[Chunk]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "text": [chunk.text for chunk in chunks],
        "start_offset": [chunk.start for chunk in chunks],
    }
    if any(chunk.kind for chunk in chunks):
        columns["heading_path"] = [list(chunk.headings) for chunk in chunks]
        columns["chunk_kind"] = [chunk.kind for chunk in chunks]
        columns["code_language"] = [chunk.language for chunk in chunks]
    return columns
