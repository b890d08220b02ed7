"""The registry of everything a namespace can use: working copies, its published versions, and the shared ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.fingerprint import canonical_json
from mixpeek_orchestration.core.ports.packages import PackageCatalog
from mixpeek_orchestration.core.published import PublishedVersion, description_key, scopes, stricter
from mixpeek_orchestration.extractors.archives.cache import PackageCache
from mixpeek_orchestration.extractors.environments import interpreter_for
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.extractors.requirements import dependencies_are_as_described
from mixpeek_orchestration.isolation.levels import Limits

DESCRIBE_S: Final = 60.0
"""How long a package may take to say what it is, before it counts as one that hangs."""

Isolation = Callable[[str], str]
"""How strict a namespace is with packages, empty where it says nothing."""


class PublishedRegistry:
    """Implements `ExtractorRegistry`. A published version is run once per set of parameters, in the jail, to describe
    it; after that its description comes from the catalog.

    `object_store` is what recipes carry for other machines.
    """

    def __init__(
        self,
        folders: PackageRegistry,
        packages: PackageCatalog,
        cache: PackageCache,
        *,
        model_cache: Path,
        object_store: Mapping[str, Any],
        isolation: Isolation = lambda _: "",
    ) -> None:
        self._folders = folders
        self._packages = packages
        self._cache = cache
        self._model_cache = model_cache
        self._object_store = object_store
        self._isolation = isolation
        self._described: dict[tuple[str, str], ExtractorDescription] = {}
        self._lock = threading.RLock()

    def describe(
        self,
        name: str,
        version: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        namespace_id: str = "",
    ) -> ExtractorDescription:
        """The description of a version with validated parameters, as a namespace sees it."""
        published = None if self._is_folder(name, version) else self._published(name, version, namespace_id)
        if published is None:
            return self._of_folder(name, version, parameters, namespace_id)
        level = stricter(published.level, self._isolation(namespace_id))
        return replace(
            self._description(published, dict(parameters or {})),
            name=published.name,
            version=published.spelling,
            path=str(self._cache.folder(published.archive, published.name)),
            model_cache=str(self._model_cache),
            isolation=level,
            archive=published.archive,
            namespace_id=published.namespace_id,
            source=published.source,
            object_store=self._object_store,
        )

    def names(self, namespace_id: str = "") -> list[tuple[str, str]]:
        """Name and version of everything that the namespace can use, sorted."""
        owned = [
            (one.name, one.spelling)
            for owner in scopes(namespace_id)[1:]
            for one in self._packages.versions(owner)
        ]
        return sorted({*self._folders.names(), *owned})

    def _of_folder(
        self, name: str, version: str | None, parameters: Mapping[str, Any] | None, namespace_id: str
    ) -> ExtractorDescription:
        """The working copy's description; an unknown name is told with everything that the namespace has."""
        try:
            described = self._folders.describe(name, version, parameters)
        except InvalidInput as error:
            published = [named for named in self.names(namespace_id) if named not in self._folders.names()]
            if published and error.field in ("feature_extractor_name", "version"):
                listed = ", ".join(f"{one} {spelling}" for one, spelling in published)
                error.fix = f"{error.fix or ''} Published: {listed}.".strip()
            raise
        return replace(described, object_store=self._object_store)

    def _is_folder(self, name: str, version: str | None) -> bool:
        wanted = None if version is None else canonical_version(version)
        return any(
            one == name and wanted in (None, canonical_version(spelling))
            for one, spelling in self._folders.names()
        )

    def _published(self, name: str, version: str | None, namespace_id: str) -> PublishedVersion | None:
        for owner in scopes(namespace_id)[1:]:
            wanted = self._active(owner, name) if version is None else canonical_version(version)
            found = self._packages.version(owner, name, wanted) if wanted else None
            if found is not None:
                return found
        return None

    def _active(self, owner: str, name: str) -> str:
        pointer = self._packages.pointer(owner, name)
        return pointer.active if pointer else ""

    def _description(self, version: PublishedVersion, parameters: dict[str, Any]) -> ExtractorDescription:
        key = (version.archive, canonical_json(parameters))
        with self._lock:
            if key not in self._described:
                self._described[key] = self._kept_or_made(version, parameters)
            return self._described[key]

    def _kept_or_made(self, version: PublishedVersion, parameters: dict[str, Any]) -> ExtractorDescription:
        kept = self._packages.description(version.archive, description_key(parameters))
        if kept is not None and dependencies_are_as_described(kept):
            return self._with_interpreter(kept)
        made = described_as(
            self._cache.folder(version.archive, version.name),
            parameters,
            level=version.level,
            model_cache=self._model_cache,
        )
        if made.name != version.name:
            raise InvalidPackage(
                f"The package of {version.name} calls itself {made.name} now.", field="name", value=made.name
            )
        for one in (parameters, made.parameters):  # collections keep them completed
            self._packages.keep_description(version.archive, description_key(one), made)
        return made

    def _with_interpreter(self, description: ExtractorDescription) -> ExtractorDescription:
        """The interpreter is of this machine, whatever machine described the package."""
        if not description.python:
            return description
        return replace(description, python=interpreter_for(description.dependencies, self._model_cache))


def described_as(
    folder: Path, parameters: Mapping[str, Any], *, level: str, model_cache: Path
) -> ExtractorDescription:
    """The description of the package in a folder, made at a level of trust."""
    from mixpeek_orchestration.extractors.description import describe_package
    from mixpeek_orchestration.extractors.jailed.jailed import describe_jailed
    from mixpeek_orchestration.extractors.package_source import read_package

    if level == "trusted":
        return describe_package(read_package(folder), parameters, model_cache=model_cache)
    python = interpreter_for(declared_dependencies(folder), model_cache)
    limits = Limits(start_s=DESCRIBE_S)
    return describe_jailed(
        folder, parameters, level=level, model_cache=model_cache, python=python, limits=limits
    )


def declared_dependencies(folder: Path) -> list[str]:
    """The dependencies that the manifest's source names, found without running it."""
    from mixpeek_orchestration.extractors.lint.declared import read_declaration
    from mixpeek_orchestration.extractors.lint.literals import Values
    from mixpeek_orchestration.extractors.lint.package import parse_package
    from mixpeek_orchestration.extractors.lint.reading import read_files

    package = parse_package(read_files(folder), folder.name)
    declared = read_declaration(package, Values(package)).get("dependencies", [])
    return [one for one in declared if isinstance(one, str)] if isinstance(declared, list | tuple) else []
