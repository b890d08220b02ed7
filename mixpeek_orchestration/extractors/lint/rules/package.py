"""Rules about the package as a whole: its files, its syntax and its names."""

from __future__ import annotations

from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_CORRECTNESS, _STYLE = Category.CORRECTNESS, Category.STYLE
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

RULES: Final = (
    Rule(
        id="PKG001",
        category=_CORRECTNESS,
        severity=_ERROR,
        title="manifest.py is missing",
        why="The manifest says what the extractor takes and gives; without it there is no extractor.",
        file="manifest.py",
        bad=None,
        good="",
    ),
    Rule(
        id="PKG002",
        category=_CORRECTNESS,
        severity=_ERROR,
        title="pipeline.py is missing",
        why="The pipeline says which steps run over a batch.",
        file="pipeline.py",
        bad=None,
        good="",
    ),
    Rule(
        id="PKG003",
        category=_CORRECTNESS,
        severity=_ERROR,
        title="A module is not valid Python",
        why="It cannot be imported.",
        file="processors/core.py",
        bad="def broken(:\n",
        good="def whole():\n    return 1\n",
    ),
    Rule(
        id="PKG004",
        category=_CORRECTNESS,
        severity=_ERROR,
        title="A module cannot be read",
        why="Modules are UTF-8 text that a reader, and this check, can follow.",
        file="processors/core.py",
        bad="def calm():\n    return " + "+".join(["1"] * 5000) + "\n",
        good="def calm():\n    return 5000\n",
    ),
    Rule(
        id="PKG005",
        category=_STYLE,
        severity=_WARNING,
        title="Model weights are bundled",
        why="An archive has at most 500 MB; weights come from the Hugging Face hub or the model registry.",
        file="weights.safetensors",
        bad="",
        good=None,
        whole_file=True,
    ),
    Rule(
        id="NAM001",
        category=_CORRECTNESS,
        severity=_ERROR,
        title="A name is not defined",
        why="The line raises NameError when it runs, which for a processor is at its first batch.",
        file="processors/core.py",
        bad="def opened(data):\n    return io.BytesIO(data)\n",
        good="import io\n\n\ndef opened(data):\n    return io.BytesIO(data)\n",
    ),
    Rule(
        id="NAM002",
        category=_CORRECTNESS,
        severity=_WARNING,
        title="An expression does not do what it looks like",
        why="It raises, or is always true or false: a wrong format string, an assert on a tuple, `is` with a literal.",
        file="processors/core.py",
        bad='def label(name, score):\n    return "%s: %s" % (name,)\n',
        good='def label(name, score):\n    return "%s: %s" % (name, score)\n',
    ),
    Rule(
        id="NAM003",
        category=_CORRECTNESS,
        severity=_WARNING,
        title="A dict has a key twice",
        why="Only the last value counts, without a word.",
        file="processors/core.py",
        bad='SIZES = {"base": 384, "base": 768}\n',
        good='SIZES = {"base": 384, "large": 768}\n',
    ),
    Rule(
        id="SUP001",
        category=_STYLE,
        severity=_WARNING,
        title="A suppression names no rule that can be suppressed",
        why="`# mixpeek: ignore[RULE]` holds for known rules that are not about security.",
        file="processors/core.py",
        bad="LIMIT = 1  # mixpeek: ignore[SEQ01]\n",
        good="LIMIT = 1\n",
    ),
)
