"""Looking into an archive that nobody trusts yet: unpacked, scanned, described and tried, with every finding told."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError, NotReady, Unschedulable
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.finding import Finding, has_errors
from mixpeek_orchestration.core.ports.packages import Inspection
from mixpeek_orchestration.extractors.archives.archive import RefusedArchive, Unpacked, canonical, unpack
from mixpeek_orchestration.extractors.package_source import MANIFEST, PIPELINE
from mixpeek_orchestration.extractors.published import described_as
from mixpeek_orchestration.extractors.registry import PackageRegistry

Trial = Callable[[ExtractorDescription], Sequence[Finding]]
"""A small run of a package at its level of trust."""

DESCRIBED = "PUB003"


class PackageInspector:
    """Implements the port of the same name. Everything happens in a folder that is gone afterwards."""

    def __init__(
        self, folders: PackageRegistry, *, builtin: Path, scratch: Path, model_cache: Path, trial: Trial
    ) -> None:
        self._folders = folders
        self._builtin = builtin.resolve()
        self._scratch = scratch
        self._model_cache = model_cache
        self._trial = trial

    def inspect(self, archive: Path, *, namespace_id: str, level: str) -> Inspection:
        """What is in the archive, and every finding; what this machine cannot do at all is raised."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            return self._inspected(archive, work, level)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def reserved(self, name: str, version: str | None) -> str | None:
        """A built-in extractor has its name, a working copy its name and version."""
        for one, spelling in self._folders.names():
            if one != name:
                continue
            if self._is_builtin(name):
                return f"{name!r} is a built-in extractor."
            if version is not None and canonical_version(spelling) == canonical_version(version):
                return f"{name} {spelling} is a working copy of this installation."
        return None

    def _is_builtin(self, name: str) -> bool:
        return (self._builtin / name / MANIFEST).is_file()

    def _inspected(self, archive: Path, work: Path, level: str) -> Inspection:
        from mixpeek_orchestration.extractors.lint.linting import lint

        try:
            unpacked = unpack(archive, work / "package")
        except RefusedArchive as refused:
            return Inspection(tuple(refused.findings))
        findings = [*unpacked.findings, *lint(unpacked.folder)]
        if has_errors(findings):
            return Inspection(tuple(findings))
        return self._run(unpacked, findings, level)

    def _run(self, unpacked: Unpacked, findings: list[Finding], level: str) -> Inspection:
        try:
            described = described_as(unpacked.folder, {}, level=level, model_cache=self._model_cache)
            folder = _named_folder(unpacked.folder, described.name)
        except (Unschedulable, NotReady):
            raise  # this machine cannot look at packages now, which is no fault of this one
        except MixpeekError as error:
            return Inspection((*findings, _told(error)))
        found = self._trial(replace(described, path=str(folder), isolation=level))
        return Inspection(
            findings=(*findings, *found),
            description=replace(described, path=""),
            archive=unpacked.archive_hash,
            size_bytes=unpacked.size_bytes,
            file_count=unpacked.file_count,
            content=canonical(folder),
        )


def _named_folder(folder: Path, name: str) -> Path:
    """The package under its own name, which is where it will be unpacked to: its modules may import each other so."""
    if "/" in name or name.startswith("."):
        raise InvalidInput("A package's name is letters, digits, _ and -.", field="name", value=name)
    named = folder.with_name(name)
    return folder if named == folder else folder.rename(named)


def _told(error: MixpeekError) -> Finding:
    """What describing the package raised, as a finding."""
    field = error.field or ""
    file = field if field.endswith(".py") else PIPELINE if "step" in field else MANIFEST
    return Finding(file, 0, DESCRIBED, error.message, error.fix or "")
