"""All checks over one package, in one list of findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.batch_checks import batch_findings
from mixpeek_orchestration.extractors.lint.column_checks import column_findings
from mixpeek_orchestration.extractors.lint.contract import WEIGHTS
from mixpeek_orchestration.extractors.lint.declared import read_declaration
from mixpeek_orchestration.extractors.lint.feature_checks import feature_findings
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.frames import follow_batches
from mixpeek_orchestration.extractors.lint.import_checks import import_findings
from mixpeek_orchestration.extractors.lint.literals import Values
from mixpeek_orchestration.extractors.lint.manifest_checks import ManifestChecks
from mixpeek_orchestration.extractors.lint.name_checks import name_findings
from mixpeek_orchestration.extractors.lint.package import (
    MANIFEST,
    PIPELINE,
    LintedPackage,
    Text,
    parse_package,
    too_deep,
)
from mixpeek_orchestration.extractors.lint.pipeline_checks import pipeline_findings
from mixpeek_orchestration.extractors.lint.reading import read_files
from mixpeek_orchestration.extractors.lint.realtime_checks import realtime_findings
from mixpeek_orchestration.extractors.lint.security import scan
from mixpeek_orchestration.extractors.lint.steps import read_steps
from mixpeek_orchestration.extractors.lint.suppression import without_suppressed
from mixpeek_orchestration.extractors.lint.writes import read_writes


def lint(folder: Path) -> list[Finding]:
    """The findings of the package in `folder`, in order of file and line."""
    return lint_files(read_files(folder), name=folder.resolve().name)


def lint_files(files: Mapping[str, Text], *, name: str = "package") -> list[Finding]:
    """The findings of a package given as its files, by path relative to its folder. Text or bytes; the content of
    files other than Python, TOML and requirements does not matter. `name` is that of the package's folder."""
    package = parse_package(files, name)
    found = [*package.unreadable, *_guarded(package, _of_package), *_guarded(package, _of_files)]
    found += _guarded(package, scan)
    return sorted(set(without_suppressed(package, found)))


def _of_files(package: LintedPackage) -> Iterator[Finding]:
    for file, rule in ((MANIFEST, "PKG001"), (PIPELINE, "PKG002")):
        if file not in package.names:
            fix = f"Add {file} at the top of the package folder."
            yield finding(rule, file, 0, f"The package has no {file}.", fix)
    for file in sorted(package.names):
        if PurePosixPath(file).suffix in WEIGHTS:
            fix = "Load them with prefetch_hf_model, or push them with `mixpeek model push`."
            yield finding("PKG005", file, 0, f"{file} looks like model weights.", fix)


def _of_package(package: LintedPackage) -> Iterator[Finding]:
    values = Values(package)
    yield from name_findings(package)
    steps = read_steps(package, values)
    visits = follow_batches(package, steps)
    yield from batch_findings(package, steps, visits)
    if MANIFEST not in package.trees:
        return
    declared = read_declaration(package, values)
    yield from ManifestChecks(package, declared, values).findings()
    yield from feature_findings(package, declared)
    yield from pipeline_findings(package, declared, values, steps)
    yield from realtime_findings(package, declared, values)
    yield from import_findings(package, declared)
    yield from column_findings(declared, values, read_writes(package, values, steps, visits), visits)


def _guarded(
    package: LintedPackage, check: Callable[[LintedPackage], Iterator[Finding]]
) -> Iterator[Finding]:
    """The findings of a check. Source that is nested beyond Python's recursion limit is a finding by itself."""
    try:
        yield from check(package)
    except RecursionError:
        yield too_deep(max(package.texts, key=lambda name: len(package.texts[name])))
