"""The checks of a package that run none of its steps: its files, its manifest, its schemas, its pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.testing import rules
from mixpeek_orchestration.extractors.testing.report import Check, failed, judged

if TYPE_CHECKING:
    from mixpeek_orchestration.extractors.manifest import Manifest

Lint = Callable[[Path], list[Finding]]
_SCHEMAS = ("input_schema", "output_schema", "parameter_schema")
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
        return Structure((*checks, _unread(error)))
    checks.append(judged("manifest", f"{manifest.name} {manifest.version}"))
    checks.append(judged("schemas", _schemas(manifest)))
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
    message = f"errors: {errors}, others: {len(findings) - errors}" if findings else "nothing to say"
    return judged("lint", message, findings)


def _files(folder: Path) -> str:
    present = ["manifest.py", "pipeline.py", *(name for name in _OPTIONAL if (folder / name).exists())]
    return ", ".join(present)


def _unread(error: MixpeekError) -> Check:
    """The check that an unreadable manifest fails."""
    name, rule = ("schemas", rules.SCHEMAS) if error.field in _SCHEMAS else ("manifest", rules.MANIFEST)
    return failed(name, rule, error, file="manifest.py")


def _schemas(manifest: Manifest) -> str:
    """What goes in and comes out. A package may go without schemas, which lint has something to say about."""
    inputs, outputs = ", ".join(manifest.input_fields), ", ".join(manifest.output_fields)
    return f"{inputs or 'any input'} → {outputs or 'any output'}"


def _pipeline(description: ExtractorDescription) -> str:
    steps = ", ".join(step.name for step in description.steps)
    vectors = ", ".join(f"{v.column} ({v.dimension}, {v.distance})" for v in description.vectors)
    return f"{steps}; {vectors or 'no vectors'}"
