"""What steps read and write, followed through the functions of a package."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.extractors.lint import lint_files

from .base_package import PACKAGE
from .documented_packages import CLI, TYPED, UNTYPED

HEAD = "import pandas as pd\n\n\ndef vector_of(text):\n    return [1.0] * 8\n\n\n"


def rules(body: str, *, head: str = "", manifest: str = "") -> list[str]:
    """The rules that a WordCounter with this `__call__` breaks."""
    lines = "".join(f"        {line}\n" for line in body.strip().splitlines())
    step = f"{HEAD}{head}\nclass WordCounter:\n    def __call__(self, batch):\n{lines}"
    files = {**PACKAGE, "processors/core.py": step, "manifest.py": PACKAGE["manifest.py"] + manifest}
    return [one.rule for one in lint_files(files)]


WHOLE = """
texts = batch["data"].fillna("").tolist()
batch["words"] = [len(text.split()) for text in texts]
batch["word_vector"] = [vector_of(text) for text in texts]
return batch
"""
WRITTEN = {
    "plain assignment": WHOLE,
    "the column with its suffix": WHOLE.replace('"word_vector"', '"word_vector_embedding"'),
    "assign": """
texts = batch["data"].tolist()
return batch.assign(words=[len(text) for text in texts], word_vector=[vector_of(text) for text in texts])
""",
    "a frame of its own": """
texts = batch["data"].tolist()
found = pd.DataFrame({"words": [1 for _ in texts], "word_vector": [vector_of(text) for text in texts]})
return pd.concat([batch, found], axis=1)
""",
    "a list of dicts": """
rows = []
for text in batch["data"]:
    rows.append({"words": len(text), "word_vector": vector_of(text)})
return pd.DataFrame(rows)
""",
    "loc": """
batch.loc[:, "words"] = 1
batch.insert(0, "word_vector", [vector_of(text) for text in batch["data"]])
return batch
""",
    "rename": """
out = pd.DataFrame({"a": batch["data"].str.len(), "b": [vector_of(text) for text in batch["data"]]})
return out.rename(columns={"a": "words", "b": "word_vector"})
""",
    "several at once": """
batch[["words", "word_vector"]] = 1
return batch
""",
}
DYNAMIC = {
    "a computed name": """
for name in self.columns:
    batch[name] = 1
return batch
""",
    "a name from the config": """
batch[self.config.output_column_name] = 1
return batch
""",
    "a spread dict": "return batch.assign(**self.computed(batch))",
    "a library's frame": "return pd.json_normalize(self.answers)",
    "records from elsewhere": "return pd.DataFrame(self.records())",
}


@pytest.mark.parametrize("body", WRITTEN.values(), ids=WRITTEN.keys())
def test_columns_are_seen_however_they_are_written(body: str) -> None:
    """Every usual way of writing a column counts."""
    assert rules(body) == []


@pytest.mark.parametrize("body", DYNAMIC.values(), ids=DYNAMIC.keys())
def test_lint_is_silent_about_computed_names(body: str) -> None:
    """Where the name of a column is computed, nothing is said about columns that nobody writes."""
    assert rules(body) == []


def test_a_frame_given_away_may_come_back_with_more() -> None:
    """A function of a library may add columns, so nothing is said of those that the source does not name."""
    assert rules("return enriched(batch)", head="from pandas_tools import enriched\n") == ["IMP003"]


def test_constants_name_columns_across_modules() -> None:
    """A column named by a constant of the manifest is known by its value."""
    head, manifest = (
        "from ..manifest import VECTOR, WORDS\n",
        'VECTOR = "word_vector"\nWORDS = "word" + "s"\n',
    )
    body = WHOLE.replace('"word_vector"', "VECTOR").replace('"words"', "WORDS")
    assert rules(body, head=head, manifest=manifest) == []
    assert rules(body, head=head, manifest=manifest.replace("_vector", "s_vector")) == ["COL001"]


def test_reads_are_followed_into_methods() -> None:
    """A method that gets the batch reads it too."""
    files = {**PACKAGE}
    files["processors/core.py"] = PACKAGE["processors/core.py"].replace('batch["data"]', 'batch["body"]')
    found = lint_files(files)
    assert [(one.rule, one.file) for one in found] == [("COL003", "processors/core.py")]
    assert "text" in found[0].message
    assert 'batch["data"]' in found[0].fix


@pytest.mark.parametrize(
    "body",
    [
        'if "title" in batch.columns:\n    texts = batch["title"]\n' + WHOLE.strip(),
        'texts = batch.get("title")\n' + WHOLE.strip(),
        'try:\n    texts = batch["title"]\nexcept KeyError:\n    texts = batch["data"]\n' + WHOLE.strip(),
        'texts = batch["text"]\n' + WHOLE.strip(),
        'kinds = batch["mime_type"] + batch["blob_property"]\n' + WHOLE.strip(),
        'texts = batch[batch["data"] != ""]["text"]\n' + WHOLE.strip(),
    ],
)
def test_reads_that_are_right(body: str) -> None:
    """A column that is asked for first, an input field, and the columns of every batch may be read."""
    assert rules(body) == []


def test_rows_are_read_as_columns_too() -> None:
    """A row of iterrows has the columns of the batch."""
    body = 'for _, row in batch.iterrows():\n    print(row["title"])\n' + WHOLE.strip()
    assert rules(body) == ["COL003"]


def test_the_documented_mistakes_are_found_in_the_documented_packages() -> None:
    """Reading `text` where there is no such input, and writing another column than the feature's name."""
    text = {**TYPED, "pipeline.py": TYPED["pipeline.py"].replace('batch["data"]', 'batch["text"]')}
    other = {
        **UNTYPED,
        "processors/core.py": UNTYPED["processors/core.py"].replace("my_embedding", "embedding"),
    }
    assert [one.rule for one in lint_files(text)] == ["COL003"]
    assert [one.rule for one in lint_files(other)] == ["COL001"]
    assert 'instead of batch["embedding"]' in lint_files(other)[0].fix


def test_a_column_from_the_parameters_is_not_guessed() -> None:
    """The documented plugin reads the column that its parameters name; nothing is said of it."""
    assert lint_files(CLI) == []


def test_built_in_services_write_the_column_that_their_config_names() -> None:
    """An embedding service in the pipeline writes `output_column_name`, and a feature of another name has no writer."""
    head = (
        "from shared.extractors.sdk import StepDefinition\n"
        "from shared.inference.registry import get_batch_service\n\n"
        "from .processors.core import WordCounter\n\n"
        'MODEL, COLUMN = "sentence-transformers/all-MiniLM-L6-v2", "word_vector"\n\n\n'
    )
    pipeline = head + (
        "def build_steps(extractor_request, **kwargs):\n"
        '    embed = StepDefinition(get_batch_service("sentence-transformers/all-MiniLM-L6-v2"),'
        ' config={"output_column_name": "word_vector"})\n'
        '    return {"steps": [embed, StepDefinition(WordCounter)]}\n'
    )
    step = "class WordCounter:\n    def __call__(self, batch):\n        return batch.assign(words=1)\n"
    manifest = PACKAGE["manifest.py"].replace('"embedding_dim": 8', '"embedding_dim": 384')
    files = {**PACKAGE, "manifest.py": manifest, "pipeline.py": pipeline, "processors/core.py": step}
    files["realtime.py"] = PACKAGE["realtime.py"].replace(
        "from .processors.core import vector_of", "vector_of = len"
    )
    assert lint_files(files) == []
    other = {**files, "pipeline.py": pipeline.replace('": "word_vector"}', '": "vector_of_words"}')}
    assert [one.rule for one in lint_files(other)] == ["COL001"]
