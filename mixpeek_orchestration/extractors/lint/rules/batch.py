"""Rules about what processors do with a batch, and how fast."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_FILE: Final = "processors/core.py"
_error = partial(Rule, category=Category.CORRECTNESS, severity=Severity.ERROR, file=_FILE)
_warning = partial(Rule, category=Category.CORRECTNESS, severity=Severity.WARNING, file=_FILE)
_slow = partial(Rule, category=Category.PERFORMANCE, severity=Severity.WARNING, file=_FILE)


def _step(*lines: str, name: str = "__call__", before: str = "") -> str:
    body = "".join(f"        {line}\n" for line in lines)
    return f"class WordCounter(Base):\n    {before}def {name}(self, batch):\n{body}"


_BATCHED = _step(
    'texts = batch["data"].fillna("").tolist()',
    'batch["word_vector"] = self._model.encode(texts).tolist()',
    "return batch",
)

RULES: Final = (
    _error(
        id="BAT001",
        title="A processor returns nothing",
        why="What it returns is the batch for the next step; changing the batch in place is not enough.",
        bad=_step('batch["words"] = batch["data"].str.split().str.len()'),
        good=_step('batch["words"] = batch["data"].str.split().str.len()', "return batch"),
    ),
    _error(
        id="BAT002",
        title="A processor or its setup is async",
        why="Steps are called without an event loop, so the next one would get a coroutine.",
        bad=_step("return batch", before="async "),
        good=_step("return batch"),
    ),
    _error(
        id="BAT003",
        title="A processor's method cannot be called with a batch",
        why="It is called with the batch alone.",
        bad="class WordCounter(Base):\n    def __call__(self, batch, tokenizer):\n        return batch\n",
        good="class WordCounter(Base):\n    def __call__(self, batch, tokenizer=None):\n        return batch\n",
    ),
    _warning(
        id="BAT004",
        title="Errors are swallowed",
        why="The row would be stored without its output, counted as a success. An error that is raised costs "
        "one row, is recorded with its cause, and can be replayed.",
        bad=_step(
            "try:",
            '    batch["words"] = batch["data"].str.split().str.len()',
            "except Exception:",
            "    pass",
            "return batch",
        ),
        good=_step('batch["words"] = batch["data"].str.split().str.len()', "return batch"),
    ),
    _error(
        id="BAT005",
        title="A processor returns something else than a batch",
        why="The next step, and the warehouse, take a DataFrame whose columns are named.",
        bad=_step('return [len(text) for text in batch["data"]]'),
        good=_step('batch["words"] = [len(text) for text in batch["data"]]', "return batch"),
    ),
    _slow(
        id="SEQ001",
        title="A model or API is called for each row",
        why="One call for the whole batch keeps the accelerator busy; calls in a loop wait for each other.",
        bad=_step(
            'texts = batch["data"].fillna("").tolist()',
            'batch["word_vector"] = [self._model.encode(text).tolist() for text in texts]',
            "return batch",
        ),
        good=_BATCHED,
    ),
    _slow(
        id="SEQ002",
        title="A model or API is called inside iterrows",
        why="iterrows makes a Series of every row, and the calls wait for each other.",
        bad=_step(
            "vectors = []",
            "for _, row in batch.iterrows():",
            '    vectors.append(self._model.encode(row["data"]).tolist())',
            'batch["word_vector"] = vectors',
            "return batch",
        ),
        good=_BATCHED,
    ),
    _slow(
        id="SEQ003",
        title="Rows are tokenized one by one",
        why="A fast tokenizer takes the list at once, in parallel and in native code.",
        bad=_step(
            'batch["tokens"] = [self._tokenizer(text)["input_ids"] for text in batch["data"]]',
            "return batch",
        ),
        good=_step(
            'batch["tokens"] = self._tokenizer(batch["data"].tolist())["input_ids"]',
            "return batch",
        ),
    ),
    _slow(
        id="SEQ004",
        title="A batch is edited by index in a loop",
        why="Every assignment searches and may copy the frame; collect a list and assign the column once.",
        bad=_step(
            'for index, text in enumerate(batch["data"]):',
            '    batch.at[index, "words"] = len(text.split())',
            "return batch",
        ),
        good=_step('batch["words"] = [len(text.split()) for text in batch["data"]]', "return batch"),
    ),
    _slow(
        id="SEQ005",
        title="A model is loaded for every batch",
        why="Load it in setup(), or once on first use: loading takes longer than a batch.",
        bad=_step(
            "from sentence_transformers import SentenceTransformer",
            'model = SentenceTransformer("./model")',
            'batch["word_vector"] = model.encode(batch["data"].tolist()).tolist()',
            "return batch",
        ),
        good="class WordCounter(Base):\n"
        "    def setup(self):\n"
        "        from sentence_transformers import SentenceTransformer\n\n"
        '        self._model = SentenceTransformer("./model")\n\n'
        "    def __call__(self, batch):\n"
        '        batch["word_vector"] = self._model.encode(batch["data"].tolist()).tolist()\n'
        "        return batch\n",
    ),
    _slow(
        id="SEQ006",
        title="A module loads a model or calls an API when it is imported",
        why="The package is imported to be described and validated, where neither is needed.",
        bad="from sentence_transformers import SentenceTransformer\n\n"
        'MODEL = SentenceTransformer("./model")\n',
        good="def load():\n    from sentence_transformers import SentenceTransformer\n\n"
        '    return SentenceTransformer("./model")\n',
    ),
)
