"""text_extractor's rows: one per chunk, in every way of splitting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.extractors.loader import load_module
from mixpeek_orchestration.extractors.package_source import read_package
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.settings import REPOSITORY

SOURCE = read_package(REPOSITORY / "extractor_packages" / "text_extractor")

CASES = [
    ("none", 3, 0, " one two  three four ", ["one two  three four"]),
    ("words", 2, 0, "one two\nthree  four five", ["one two", "three  four", "five"]),
    ("words", 3, 1, "a b c d e", ["a b c", "c d e"]),
    ("sentences", 1, 0, 'One is here. Two? "Three!" Four', ["One is here.", "Two?", '"Three!"', "Four"]),
    ("sentences", 2, 1, "A a. B b. C c.", ["A a. B b.", "B b. C c."]),
    ("sentences", 1, 0, "No stop\n\nNext one.", ["No stop", "Next one."]),
    ("paragraphs", 1, 0, "one\nmore\n\ntwo\n \n\nthree", ["one\nmore", "two", "three"]),
    ("paragraphs", 2, 0, "one\n\ntwo\n\nthree", ["one\n\ntwo", "three"]),
    ("pages", 1, 0, "first page\fsecond\n\nstill\f\ffourth", ["first page", "second\n\nstill", "fourth"]),
    ("characters", 10, 0, "aaaa bbbb cccc dddd", ["aaaa bbbb", "cccc dddd"]),
    ("characters", 4, 0, "abcdefghij", ["abcd", "efgh", "ij"]),
]


def _split(split_by, size, overlap, text):
    return load_module(SOURCE, "processors.splitting").make_splitter(split_by, size, overlap)(text)


@pytest.mark.parametrize(("split_by", "size", "overlap", "text", "expected"), CASES)
def test_sizes_and_overlaps_count_the_unit(split_by, size, overlap, text, expected):
    """`chunk_size` and `chunk_overlap` are counted in the unit that is split by."""
    assert [chunk.text for chunk in _split(split_by, size, overlap, text)] == expected


@pytest.mark.parametrize(("split_by", "size", "overlap", "text", "_expected"), CASES)
def test_a_chunk_stands_where_it_says(split_by, size, overlap, text, _expected):
    """The source has the chunk's text at its offset, and offsets grow."""
    chunks = _split(split_by, size, overlap, text)
    assert all(text[chunk.start :].startswith(chunk.text) for chunk in chunks)
    assert [chunk.start for chunk in chunks] == sorted({chunk.start for chunk in chunks})


MARKDOWN = """# Guide

Intro words here.

## Install

First paragraph of four.

Second paragraph has five words.

```python
pip = "install"

print(pip)
```

After the code.

# Other

End.
"""


def test_markdown_gives_a_chunk_per_section_and_code_block():
    """Sections keep their heading path; code blocks keep their language and are never split."""
    chunks = _split("markdown", 100, 0, MARKDOWN)
    assert [(chunk.kind, chunk.headings, chunk.language) for chunk in chunks] == [
        ("section", ("Guide",), None),
        ("section", ("Guide", "Install"), None),
        ("code", ("Guide", "Install"), "python"),
        ("section", ("Guide", "Install"), None),
        ("section", ("Other",), None),
    ]
    assert 'pip = "install"\n\nprint(pip)' in chunks[2].text
    assert "Second paragraph" in chunks[1].text


def test_a_long_markdown_section_splits_at_paragraphs():
    """No section chunk is longer than asked for, where paragraphs allow it."""
    texts = [chunk.text for chunk in _split("markdown", 6, 0, MARKDOWN)]
    assert "## Install\n\nFirst paragraph of four." in texts
    assert "Second paragraph has five words." in texts


@pytest.mark.parametrize(
    "split_by", ["none", "characters", "words", "sentences", "paragraphs", "pages", "markdown"]
)
@pytest.mark.parametrize("text", ["", " \n\t\f\n\n "])
def test_a_text_without_words_has_no_chunks(split_by, text):
    """White space is not content, in any way of splitting."""
    assert _split(split_by, 10, 0, text) == []


class _Lengths:
    """Stands in for the model: a vector that tells the length of the text."""

    def encode(self, texts):
        return np.array([[float(len(text)), 1.0, 0.0] for text in texts], dtype=np.float32).reshape(-1, 3)

    def cut_tokens(self, texts):
        return [0] * len(texts)


@pytest.fixture
def process(monkeypatch):
    """The extractor's step with a model that costs nothing."""
    core = load_module(SOURCE, "processors.core")

    class Choice:
        def load(self):
            return _Lengths()

    monkeypatch.setattr(core, "choose_encoder", lambda model: Choice())

    def run(texts, **options):
        config = {
            "split_by": "words",
            "chunk_size": 2,
            "chunk_overlap": 0,
            "embedding_model": "any",
            **options,
        }
        ids = [f"doc{number}" for number in range(len(texts))]
        return core.TextProcessor(config)(pd.DataFrame({"data": texts, "document_id": ids, "extra": ids}))

    return run


def test_rows_are_chunks_with_the_columns_of_their_source(process):
    """Every chunk repeats its source's columns and has its own text, index, offset and vector."""
    rows = process(["one two three", "  ", None, "four"])
    assert rows["document_id"].tolist() == ["doc0", "doc0", "doc3"]
    assert rows["extra"].tolist() == ["doc0", "doc0", "doc3"]
    assert rows["text"].tolist() == ["one two", "three", "four"]
    assert rows["chunk_index"].tolist() == [0, 1, 0]
    assert rows["start_offset"].tolist() == [0, 8, 0]
    assert [vector[0] for vector in rows["text_extractor_v1_embedding"]] == [7.0, 5.0, 4.0]


def test_a_batch_without_words_gives_no_rows(process):
    """Nothing but white space is no rows, and no error."""
    rows = process(["", " "])
    assert len(rows) == 0
    assert "text_extractor_v1_embedding" in rows.columns


def test_bytes_are_not_text(process):
    """Binary content that was sent as text is an error that says so."""
    with pytest.raises(TypeError, match="bytes, not text"):
        process([b"\x00\x01"])


@pytest.mark.parametrize(
    ("parameters", "field", "message"),
    [
        ({"split_by": "time_segments"}, "split_by", "time_segments is documented, but not available"),
        ({"source_type": "youtube"}, "source_type", "youtube is documented, but not available"),
        ({"response_shape": {"a": "b"}}, "response_shape", "not available in this version yet"),
        ({"llm_provider": "openai"}, "llm_provider", "not available in this version yet"),
        ({"llm_model": "m"}, "llm_model", "not available in this version yet"),
        ({"llm_api_key": "k"}, "llm_api_key", "not available in this version yet"),
        ({"split_by": "lines"}, "split_by", "'none'"),
        ({"chunk_size": 0}, "chunk_size", "greater than or equal to 1"),
        ({"chunk_size": 20_000}, "chunk_size", "less than or equal to 10000"),
        ({"chunk_overlap": -1}, "chunk_overlap", "greater than or equal to 0"),
        ({"chunk_size": 5, "chunk_overlap": 5}, "", "must be less than chunk_size"),
        ({"chunks": 5}, "chunks", "no parameter 'chunks'"),
    ],
)
def test_wrong_parameters_are_refused_by_name(tmp_path, parameters, field, message):
    """A documented mode that is not here yet, and every bad value, is refused before anything runs."""
    registry = PackageRegistry([SOURCE.path], tmp_path)
    with pytest.raises(InvalidInput) as caught:
        registry.describe("text_extractor", "v1", parameters)
    assert caught.value.field == ("parameters." + field).rstrip(".")
    assert message in caught.value.message


def test_null_for_what_is_not_available_is_accepted(tmp_path):
    """Clients that send every field with its null get the defaults."""
    registry = PackageRegistry([SOURCE.path], tmp_path)
    plain = registry.describe("text_extractor", "v1")
    assert registry.describe("text_extractor", "v1", {"response_shape": None}).code_fp == plain.code_fp
