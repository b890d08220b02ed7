"""Rules about the features of a manifest: the vectors that it promises."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_error = partial(Rule, category=Category.CORRECTNESS, severity=Severity.ERROR, file="manifest.py")
_warning = partial(Rule, category=Category.CORRECTNESS, severity=Severity.WARNING, file="manifest.py")


def _features(*entries: str) -> str:
    return "features = [\n" + "".join(f"    {{{entry}}},\n" for entry in entries) + "]\n"


_KIND = '"feature_type": "embedding"'
_NAME = '"feature_name": "word_vector"'
_SIZE = '"embedding_dim": 8'
_NEAR = '"distance_metric": "cosine"'
_GOOD = _features(f"{_KIND}, {_NAME}, {_SIZE}, {_NEAR}")

RULES: Final = (
    _error(
        id="FEA001",
        title="A feature has a wrong key",
        why="Elsewhere wrong keys make a collection without vector indexes: batches complete, with 0 documents.",
        bad=_features(f'{_KIND}, "name": "word_vector", {_SIZE}, {_NEAR}'),
        good=_GOOD,
    ),
    _error(
        id="FEA002",
        title="A feature lacks a key",
        why="A vector column needs its kind, its name, its length and its distance.",
        bad=_features(f"{_KIND}, {_NAME}, {_NEAR}"),
        good=_GOOD,
    ),
    _error(
        id="FEA003",
        title="The feature type is not known",
        why="A feature is an embedding, or a classification.",
        bad=_features(f'"feature_type": "vector", {_NAME}, {_SIZE}, {_NEAR}'),
        good=_GOOD,
    ),
    _error(
        id="FEA004",
        title="The dimension is not a positive whole number",
        why="It is the length of the vector column.",
        bad=_features(f'{_KIND}, {_NAME}, "embedding_dim": "8", {_NEAR}'),
        good=_GOOD,
    ),
    _error(
        id="FEA005",
        title="The distance is not known",
        why="Vectors are compared by cosine, euclid or dot.",
        bad=_features(f'{_KIND}, {_NAME}, {_SIZE}, "distance_metric": "manhattan"'),
        good=_GOOD,
    ),
    _error(
        id="FEA006",
        title="Two features have one name",
        why="The name is the vector's column.",
        bad=_features(f"{_KIND}, {_NAME}, {_SIZE}, {_NEAR}", f"{_KIND}, {_NAME}, {_SIZE}, {_NEAR}"),
        good=_GOOD,
    ),
    _error(
        id="FEA007",
        title="A feature's name cannot name a column",
        why="It becomes a column and a part of the feature URI: letters, digits and `_`, not starting with `_`.",
        bad=_features(f'{_KIND}, "feature_name": "word-vector", {_SIZE}, {_NEAR}'),
        good=_GOOD,
    ),
    _error(
        id="FEA008",
        title="`features` is not a list of features",
        why="It is a list of dicts, or of Feature.embedding(…) and Feature.classification(…).",
        bad='features = {"feature_name": "word_vector"}\n',
        good=_GOOD,
    ),
    _warning(
        id="FEA009",
        title="An embedding extractor has no vector",
        why="There is nothing that feature_search could search.",
        bad='inference_type = "embedding"\nfeatures = []\n',
        good='inference_type = "general"\nfeatures = []\n',
    ),
    _warning(
        id="FEA010",
        title="The dimension is not that of the model",
        why="Every row would fail: the vectors of this model have another length.",
        file="processors/core.py",
        bad="def load():\n    from sentence_transformers import SentenceTransformer\n\n"
        '    return SentenceTransformer("all-MiniLM-L6-v2")\n',
        good="def load():\n    from sentence_transformers import SentenceTransformer\n\n"
        '    return SentenceTransformer("./own-model-with-8-dimensions")\n',
    ),
)
