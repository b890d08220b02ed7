"""The checks of a package that run none of its steps: its files, its manifest, its schemas, its pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.testing import rules
from mixpeek_orchestration.extractors.testing.report import Check, failed, judged

Lint = Callable[[Path], list[Finding]]
_OPTIONAL = ("__init__.py", "realtime.py", "processors", "tests", "README.md", "pyproject.toml")


@dataclass(frozen=True)
class Structure:
    """What the checks found: the description when the package could be described, and the example that it gives."""

    checks: tuple[Check, ...]
    description: ExtractorDescription | None = None
    example: Mapping[str, Any] | None = None


def check_structure(folder: Path, *, model_cache: Path, parameters: Mapping[str, Any]) -> Structure:
    """Files, manifest, schemas and pipeline, in this order; what cannot be looked at any more is left out."""
    from mixpeek_orchestration.extractors.description import describe_package, load_manifest
    from mixpeek_orchestration.extractors.model_files import use_model_cache
    from mixpeek_orchestration.extractors.package_source import read_package

    use_model_cache(model_cache)
    try:
        source = read_package(folder)
    except InvalidPackage as error:
        return Structure((failed("structure", rules.MISSING_FILE, error),))
    checks = [judged("structure", _files(folder))]
    try:
        manifest = load_manifest(source)
    except MixpeekError as error:
        return Structure((*checks, failed("manifest", rules.MANIFEST, error, file="manifest.py")))
    checks.append(judged("manifest", f"{manifest.name} {manifest.version}"))
    checks.append(_schemas(manifest))
    try:
        description = describe_package(source, parameters, model_cache=model_cache)
    except MixpeekError as error:
        return Structure((*checks, failed("pipeline", rules.PIPELINE, error)))
    checks.append(judged("pipeline", _pipeline(description)))
    return Structure(tuple(checks), description, manifest.example_input)


def check_lint(folder: Path, lint: Lint) -> Check:
    """What lint says of the package."""
    findings = lint(folder)
    errors = sum(finding.severity == "error" for finding in findings)
    message = f"{errors} errors, {len(findings) - errors} others" if findings else "nothing to say"
    return judged("lint", message, findings)


def _files(folder: Path) -> str:
    present = ["manifest.py", "pipeline.py", *(name for name in _OPTIONAL if (folder / name).exists())]
    return ", ".join(present)


def _schemas(manifest: Any) -> Check:
    """A package may go without schemas, but then nobody knows its fields before it ran."""
    findings = [
        rules.SCHEMAS.finding(f"The manifest has no {name}.", file="manifest.py")
        for name in ("input_schema", "output_schema")
        if not getattr(manifest, name)
    ]
    inputs, outputs = ", ".join(manifest.input_fields), ", ".join(manifest.output_fields)
    return judged("schemas", f"{inputs or 'any input'} → {outputs or 'any output'}", findings)


def _pipeline(description: ExtractorDescription) -> str:
    steps = ", ".join(step.name for step in description.steps)
    vectors = ", ".join(f"{v.column} ({v.dimension}, {v.distance})" for v in description.vectors)
    return f"{steps}; {vectors or 'no vectors'}"
