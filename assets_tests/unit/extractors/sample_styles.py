"""The packages of `assets_tests/packages/styles`, what each is asked for, and how a batch and a query go through it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, InputRow, SourceItem
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.extractors.realtime import load_realtime
from mixpeek_orchestration.extractors.registry import PackageRegistry

from .sample_platform import REFERENCE

PACKAGES = Path(__file__).parents[2] / "packages"
STYLES = PACKAGES / "styles"
NAMES = tuple(sorted(folder.name for folder in STYLES.iterdir() if (folder / "manifest.py").is_file()))
EMBEDDING = tuple(name for name in NAMES if not name.endswith("_words"))
TEXTS = ("one fine day", "another text of more than twenty letters")


def described(folder: Path, cache: Path, parameters: dict[str, Any] | None = None) -> ExtractorDescription:
    """The description of the only package in `folder`, with a platform to run with."""
    registry = PackageRegistry([folder], cache)
    problems = registry.problems()
    assert not problems, problems
    ((name, version),) = registry.names()
    return replace(registry.describe(name, version, parameters), platform=REFERENCE)


def extracted(description: ExtractorDescription, texts: Sequence[str] = TEXTS) -> list[Extracted]:
    """What the in-process runner makes of texts, an item each."""
    items = [
        SourceItem(
            f"item_{n}", f"obj_{n}", (InputRow(f"b{n}", "text", "text", "text/plain", len(text), text=text),)
        )
        for n, text in enumerate(texts)
    ]
    job = ExtractionJob(description.recipe, description, "col_1")
    return list(InProcessRunner().run(job, items))


def rows_of(results: Sequence[Extracted]) -> pa.Table:
    """All rows; an error of any item fails the test."""
    errors = [error for result in results for error in result.errors]
    assert not errors, errors
    return pa.concat_tables([result.rows for result in results], promote_options="permissive")


def asked(description: ExtractorDescription, inputs: dict[str, Any]) -> dict[str, Any]:
    """The realtime half's answer."""
    return asyncio.run(load_realtime(description.recipe).infer(inputs, description.parameters))
