"""Rules about imports."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_error = partial(Rule, category=Category.CORRECTNESS, severity=Severity.ERROR, file="processors/core.py")

RULES: Final = (
    _error(
        id="IMP001",
        title="An import names nothing in the extractor SDK",
        why="The import roots shared, engine, mixpeek_dev and api lead to the documented SDK; other names do not exist.",
        bad="from shared.extractors.sdk import download_everything\n",
        good="from shared.extractors.sdk import download_asset\n",
    ),
    _error(
        id="IMP002",
        title="An import leaves the package or misses its module",
        why="A package is loaded alone: what it imports relatively must be part of it.",
        bad="from ..models.loader import load\n",
        good="from ..manifest import version\n",
    ),
    Rule(
        id="IMP003",
        category=Category.CORRECTNESS,
        severity=Severity.WARNING,
        title="A library is not declared",
        why="It may be on this machine and missing where the extractor runs; its version is not part of what "
        "decides whether documents are up to date.",
        file="processors/core.py",
        bad="import unidecode\n",
        good="import numpy\n",
    ),
)
