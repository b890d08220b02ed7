"""The packages that can be used here: working copies in folders, found and described on demand."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage, MixpeekError
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.fingerprint import canonical_json
from mixpeek_orchestration.extractors.description import describe_package, load_manifest
from mixpeek_orchestration.extractors.model_files import use_model_cache
from mixpeek_orchestration.extractors.package_source import (
    MANIFEST,
    PackageSource,
    Signature,
    read_package,
    signature,
)
from mixpeek_orchestration.extractors.requirements import dependencies_are_as_described


@dataclass(frozen=True)
class _Entry:
    name: str
    version: str
    source: PackageSource


class PackageRegistry:
    """Implements `ExtractorRegistry` over folders of packages (or folders that are a package themselves).

    `cache` is where downloaded and converted models are kept. Edits are seen at the next call; what did not change is
    not read again.
    """

    def __init__(self, folders: Sequence[Path], cache: Path) -> None:
        self._folders = tuple(Path(folder) for folder in folders)
        self._cache = Path(cache).expanduser().resolve()
        self._entries: dict[Path, tuple[Signature, _Entry | MixpeekError]] = {}
        self._descriptions: dict[tuple[Path, Signature, str], ExtractorDescription] = {}
        self._lock = threading.RLock()

    def describe(
        self,
        name: str,
        version: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        namespace_id: str = "",
    ) -> ExtractorDescription:
        """The description of a version (the newest without one) with validated parameters, for every namespace."""
        del namespace_id
        entry = self._find(name, version)
        folder = entry.source.path
        given = dict(parameters or {})
        use_model_cache(self._cache)
        with self._lock:
            key = (folder, self._entries[folder][0], canonical_json(given))
            known = self._descriptions.get(key)
            if known is None or not dependencies_are_as_described(known):
                described = describe_package(entry.source, given, model_cache=self._cache)
                self._forget_older(folder, key[1])
                self._descriptions[key] = described
            return self._descriptions[key]

    def names(self, namespace_id: str = "") -> list[tuple[str, str]]:
        """Name and version of every package that can be read, sorted; `problems()` has the others."""
        del namespace_id
        return sorted((entry.name, entry.version) for entry in self._read() if isinstance(entry, _Entry))

    def problems(self) -> dict[str, MixpeekError]:
        """Why a folder is left out of `names()`, by folder."""
        self._read()
        with self._lock:
            return {str(f): e for f, (_, e) in self._entries.items() if isinstance(e, MixpeekError)}

    def _find(self, name: str, version: str | None) -> _Entry:
        entries = [entry for entry in self._read() if isinstance(entry, _Entry)]
        named = [entry for entry in entries if entry.name == name]
        if not named:
            raise self._unknown(name, entries)
        if version is None:
            return _only([max(named, key=lambda entry: _ordered(entry.version))], named)
        wanted = canonical_version(version)
        matching = [entry for entry in named if canonical_version(entry.version) == wanted]
        if not matching:
            there = ", ".join(sorted(entry.version for entry in named))
            raise InvalidInput(
                f"The extractor {name!r} has no version {version!r}.",
                field="version",
                value=version,
                fix=f"It has: {there}.",
            )
        return _only(matching, matching)

    def _unknown(self, name: str, entries: Sequence[_Entry]) -> MixpeekError:
        broken = next((e for folder, e in self.problems().items() if Path(folder).name == name), None)
        if broken is not None:
            return broken
        there = ", ".join(sorted({f"{entry.name} {entry.version}" for entry in entries})) or "none"
        return InvalidInput(
            f"There is no extractor {name!r}.",
            field="feature_extractor_name",
            value=name,
            fix=f"There are: {there}.",
        )

    def _read(self) -> list[_Entry | MixpeekError]:
        with self._lock:
            present = {folder: signature(folder) for folder in self._package_folders()}
            self._entries = {folder: (now, self._entry(folder, now)) for folder, now in present.items()}
            return [entry for _, entry in self._entries.values()]

    def _entry(self, folder: Path, now: Signature) -> _Entry | MixpeekError:
        known = self._entries.get(folder)
        if known is not None and known[0] == now:
            return known[1]
        try:
            source = read_package(folder)
            manifest = load_manifest(source)
        except MixpeekError as error:
            return error  # one broken package must not hide the others; `problems` shows it
        return _Entry(manifest.name, manifest.version, source)

    def _package_folders(self) -> list[Path]:
        found: list[Path] = []
        for folder in self._folders:
            resolved = folder.expanduser().resolve()
            candidates = [resolved, *(sorted(resolved.iterdir()) if resolved.is_dir() else [])]
            found += [one for one in candidates if (one / MANIFEST).is_file()]
        return list(dict.fromkeys(found))

    def _forget_older(self, folder: Path, current: Signature) -> None:
        for key in [key for key in self._descriptions if key[0] == folder and key[1] != current]:
            del self._descriptions[key]


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in canonical_version(version).split("."))


def _only(chosen: Sequence[_Entry], among: Sequence[_Entry]) -> _Entry:
    """The one package that is meant; raises `InvalidPackage` when two folders hold the same name and version."""
    entry = chosen[0]
    wanted = canonical_version(entry.version)
    same = [str(one.source.path) for one in among if canonical_version(one.version) == wanted]
    if len(same) > 1:
        raise InvalidPackage(
            f"Two folders hold {entry.name} {entry.version}.",
            field="feature_extractor_name",
            value=same,
            fix="Remove one, or give it another name or version.",
        )
    return entry
