"""Rules about columns: what steps read and write, and what the manifest promises of it."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_error = partial(Rule, category=Category.CORRECTNESS, severity=Severity.ERROR)
_warning = partial(Rule, category=Category.CORRECTNESS, severity=Severity.WARNING)


def _step(*lines: str) -> str:
    return "class WordCounter:\n    def __call__(self, batch):\n" + "".join(f"        {x}\n" for x in lines)


_TEXTS = 'texts = batch["data"].fillna("")'
_WORDS = 'batch["words"] = texts.str.split().str.len()'
_VECTOR = 'batch["word_vector"] = [vector_of(text) for text in texts]'
_GOOD = _step(_TEXTS, _WORDS, _VECTOR, "return batch")

RULES: Final = (
    _error(
        id="COL001",
        title="No step writes a feature's vector",
        why="Elsewhere the batch completes with 0 documents. The column is the feature's name, or that name with "
        "`_embedding` behind it.",
        file="processors/core.py",
        bad=_step(_TEXTS, _WORDS, _VECTOR.replace("word_vector", "embedding"), "return batch"),
        good=_GOOD,
        whole_file=False,
    ),
    _warning(
        id="COL002",
        title="No step writes an output",
        why="The output schema promises a column that stays empty.",
        file="processors/core.py",
        bad=_step(_TEXTS, _VECTOR, "return batch"),
        good=_GOOD,
    ),
    _error(
        id="COL003",
        title="A step reads a column that nobody writes",
        why="A batch has the content in `data`, and the fields of the input schema. Elsewhere reading another "
        "column passes the local test, which feeds it, and gives 0 documents in production.",
        file="processors/core.py",
        bad=_step(_TEXTS.replace("data", "body"), _WORDS, _VECTOR, "return batch"),
        good=_GOOD,
    ),
    _error(
        id="COL004",
        title="A step reads a column before it is written",
        why="The first batch raises KeyError.",
        file="processors/core.py",
        bad=_step(
            _TEXTS,
            'batch["words"] = batch["parts"].str.len()',
            'batch["parts"] = texts',
            _VECTOR,
            "return batch",
        ),
        good=_step(
            _TEXTS,
            'batch["parts"] = texts',
            'batch["words"] = batch["parts"].str.len()',
            _VECTOR,
            "return batch",
        ),
    ),
    _warning(
        id="COL005",
        title="A step writes a reserved column",
        why="Columns that start with `_` are the warehouse's own, and document_id says which document a row is.",
        file="processors/core.py",
        bad=_step(_TEXTS, _WORDS, _VECTOR, 'batch["_created_at"] = 0', "return batch"),
        good=_step(_TEXTS, _WORDS, _VECTOR, 'batch["counted_at"] = 0', "return batch"),
    ),
)
