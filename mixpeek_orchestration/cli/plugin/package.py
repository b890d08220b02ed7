"""A package on this machine on its way to a server: checked, named, packed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixpeek_orchestration.core.finding import Finding


@dataclass(frozen=True)
class Checked:
    """What the checks say of a folder. Name, version and description are empty when one of them fails."""

    is_good: bool
    findings: tuple[Finding, ...]
    name: str = ""
    version: str = ""
    description: str = ""


def checked(folder: Path) -> Checked:
    """The folder after the checks of `plugin validate`, which run none of its steps."""
    from mixpeek_orchestration.cli.plugin.package_checks import static_checks
    from mixpeek_orchestration.extractors.description import load_manifest
    from mixpeek_orchestration.extractors.package_source import read_package

    report = static_checks(folder)
    findings = tuple(finding for check in report.checks for finding in check.findings)
    if not report.ok:
        return Checked(False, findings)
    manifest = load_manifest(read_package(folder))
    return Checked(True, findings, manifest.name, manifest.version, manifest.description)
