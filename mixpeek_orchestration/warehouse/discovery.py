"""Which extractors a namespace can use: everything here is read from descriptions, nothing runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixpeek_orchestration.core.errors import MixpeekError, NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.core.published import PublishedVersion, named_version, plugin_id


@dataclass(frozen=True)
class Discovered:
    """An extractor version, its endpoint where it has one, and what was published where it was."""

    description: ExtractorDescription
    endpoint: Deployment | None = None
    plugin: PublishedVersion | None = None
    is_deployed: bool = False


@dataclass(frozen=True)
class Discovery:
    """All extractors of a namespace, and why some of them cannot be described, by `name@version`."""

    found: tuple[Discovered, ...]
    broken: dict[str, MixpeekError]


class Extractors:
    """The extractors that namespaces can use."""

    def __init__(self, catalog: Catalog, registry: ExtractorRegistry) -> None:
        self._catalog = catalog
        self._registry = registry

    def all(self, namespace_id: str = "", *, source: str = "all", every_version: bool = False) -> Discovery:
        """The extractors, by name and version; without a namespace those that all namespaces share.

        Of published ones only the versions that are active or deployed, unless every version is asked for.
        """
        found: list[Discovered] = []
        broken: dict[str, MixpeekError] = {}
        for name, version in self._registry.names(namespace_id):
            try:
                one = self._discovered(namespace_id, name, version)
            except MixpeekError as error:
                broken[f"{name}@{version}"] = error
                continue
            if source in ("all", one.description.source) and (every_version or self._is_in_use(one)):
                found.append(one)
        return Discovery(tuple(found), broken)

    def get(self, namespace_id: str, identifier: str) -> Discovered:
        """One extractor by NAME, NAME@VERSION or name_version; raises `NotFound`."""
        known = self._registry.names(namespace_id)
        named = resolved(identifier, known)
        if named is None:
            there = ", ".join(sorted({f"{name}_{version}" for name, version in known}))
            raise NotFound(
                f"There is no extractor {identifier!r}.",
                field="extractor_id",
                value=identifier,
                fix=f"There are: {there}.",
            )
        return self._discovered(namespace_id, *named)

    def _discovered(self, namespace_id: str, name: str, version: str | None) -> Discovered:
        described = self._registry.describe(name, version, namespace_id=namespace_id)
        owner, canonical = described.namespace_id, canonical_version(described.version)
        endpoint = self._catalog.deployments.get(name, described.version, namespace_id=namespace_id)
        if not described.archive:
            return Discovered(described, endpoint)
        packages = self._catalog.packages
        asked = packages.deployment(owner, name, canonical)
        plugin = packages.version(owner, name, canonical)
        return Discovered(described, endpoint, plugin, is_deployed=asked is not None and not asked.error)

    def _is_in_use(self, one: Discovered) -> bool:
        if one.plugin is None or one.is_deployed:
            return True
        pointer = self._catalog.packages.pointer(one.plugin.namespace_id, one.plugin.name)
        return pointer is not None and pointer.active == one.plugin.version


def resolved(identifier: str, known: Sequence[tuple[str, str]]) -> tuple[str, str | None] | None:
    """Name and version that an identifier means among those known; no version means the one that answers for the
    name. `None` when it means nothing."""
    names = {name for name, _ in known}
    if identifier in names:
        return identifier, None
    for name, version in known:
        if identifier in (f"{name}_{version}", plugin_id(name, version)):
            return name, version
    name, at_version = named_version(identifier)
    return (name, at_version) if name in names and at_version else None
