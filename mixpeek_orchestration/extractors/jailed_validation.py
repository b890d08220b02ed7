"""Looking at a package that nobody trusts yet: everything that is wrong with it, as findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.jailed import describe_jailed
from mixpeek_orchestration.extractors.package_source import MANIFEST, PIPELINE, REALTIME
from mixpeek_orchestration.isolation.levels import Level, Limits

NOT_DESCRIBED: Final = "RUN001"
"""The rule of a package that cannot be described: imported, its manifest read, its steps built."""
NOT_RUN: Final = "RUN002"
"""The rule of a package that ends, hangs or refuses when a few rows go through it."""

TryOut = Callable[[ExtractorDescription], Iterable[Finding]]


@dataclass(frozen=True)
class Validated:
    """What was found. There is a description unless the package could not be described."""

    findings: tuple[Finding, ...]
    description: ExtractorDescription | None = None


def validate_jailed(
    path: Path | str,
    parameters: Mapping[str, Any] | None = None,
    *,
    level: Level | str,
    try_out: TryOut,
    model_cache: Path | str = "",
    limits: Limits | None = None,
) -> Validated:
    """The package in a folder, described in a worker and then tried out: `try_out` runs a few rows through the description,
    whose steps live in a worker too. Whatever is wrong is a finding; only what this machine cannot do is an error."""
    try:
        described = describe_jailed(path, parameters, level=level, model_cache=model_cache, limits=limits)
    except MixpeekError as error:
        if error.field == "isolation":
            raise
        return Validated((finding_of(error, NOT_DESCRIBED),))
    try:
        return Validated(tuple(try_out(described)), described)
    except MixpeekError as error:
        return Validated((finding_of(error, NOT_RUN),), described)


def finding_of(error: MixpeekError, rule: str) -> Finding:
    """The error as a finding in the file that it is about."""
    return Finding(_file(error.field or ""), 0, rule, error.message, error.fix or "")


def _file(field: str) -> str:
    if field.endswith(".py"):
        return field
    if field.startswith(("build_steps", "pipeline", "Step ", "steps")):
        return PIPELINE
    return REALTIME if field.startswith(("realtime", "infer")) else MANIFEST
