"""Splitting: what the extractor's `split_by` means, on top of langchain-text-splitters."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

# Sentences end in Latin and in CJK punctuation. A separator stays with the unit before it, so that a chunk is a piece of the source as it stands.
_UNITS = {
    "words": r"\s+",
    "sentences": r"(?<=[.!?\u2026\u3002\uff01\uff1f])[\"'\u201d\u2019)\]]*\s+|\n\s*\n",
    "paragraphs": r"\n[^\S\n]*\n\s*",
    "pages": r"\f",
}


@dataclass(frozen=True)
class Chunk:
    """A piece of a text. `start` is the character at which it stands in the source, where that is known."""

    text: str
    start: int | None = None
    kind: str | None = None
    headings: tuple[str, ...] = ()
    language: str | None = None


Splitter = Callable[[str], list[Chunk]]


def make_splitter(split_by: str, size: int, overlap: int) -> Splitter:
    """The function that turns a text into its chunks; a text without words has none."""
    # A unit longer than a chunk is a chunk of its own; the library says so on standard error for every one.
    logging.getLogger("langchain_text_splitters").setLevel(logging.ERROR)
    if split_by == "none":
        return lambda text: _located([text.strip()], text)
    if split_by == "markdown":
        return _markdown_splitter(size)
    splitter = _splitter(split_by, size, overlap)
    return lambda text: _located(splitter.split_text(text), text)


def _splitter(split_by: str, size: int, overlap: int) -> "TextSplitter":
    from langchain_text_splitters import CharacterTextSplitter, RecursiveCharacterTextSplitter

    if split_by == "characters":
        return RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap)
    return CharacterTextSplitter(
        separator=f"(?:{_UNITS[split_by]})",
        is_separator_regex=True,
        keep_separator="end",
        chunk_size=size,
        chunk_overlap=overlap,
        length_function=lambda unit: int(bool(unit.strip())),
    )


def _located(pieces: Iterable[str], text: str) -> list[Chunk]:
    """The pieces that have words, each with a place where it stands, in order."""
    chunks: list[Chunk] = []
    begin = 0
    for piece in pieces:
        if not piece.strip():
            continue
        start = text.find(piece, begin)
        chunks.append(Chunk(piece, start if start >= 0 else None))
        begin = start + 1 if start >= 0 else begin
    return chunks


def _markdown_splitter(words: int) -> Splitter:
    """A chunk per section under a heading and per fenced code block. A section longer than `words` is split at its
    paragraphs; a code block never is."""
    from langchain_text_splitters import CharacterTextSplitter, ExperimentalMarkdownSyntaxTextSplitter

    paragraphs = CharacterTextSplitter(
        separator=f"(?:{_UNITS['paragraphs']})",
        is_separator_regex=True,
        keep_separator="end",
        chunk_size=words,
        chunk_overlap=0,
        length_function=lambda text: len(text.split()),
    )

    def split(text: str) -> list[Chunk]:
        chunks: list[Chunk] = []
        for part in ExperimentalMarkdownSyntaxTextSplitter(strip_headers=False).split_text(text):
            headings = tuple(part.metadata[key] for key in sorted(part.metadata) if key.startswith("Header"))
            language = part.metadata.get("Code")
            kind = "section" if language is None else "code"
            pieces = paragraphs.split_text(part.page_content) if language is None else [part.page_content]
            chunks += [
                Chunk(piece.strip(), None, kind, headings, language or None)
                for piece in pieces
                if piece.strip()
            ]
        return _with_starts(chunks, text)

    return split


def _with_starts(chunks: list[Chunk], text: str) -> list[Chunk]:
    placed: list[Chunk] = []
    begin = 0
    for chunk in chunks:
        start = text.find(chunk.text, begin)
        placed.append(
            Chunk(chunk.text, start if start >= 0 else None, chunk.kind, chunk.headings, chunk.language)
        )
        begin = start + len(chunk.text) if start >= 0 else begin
    return placed
