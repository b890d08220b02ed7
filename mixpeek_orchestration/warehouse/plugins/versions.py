"""Published versions: finding them, which one is active, what uses them, and forgetting them."""

from __future__ import annotations

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import Conflict, NotFound
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.published import SYSTEM, Activation, PublishedVersion, named_version


class Versions:
    """The published versions of the warehouse."""

    def __init__(self, catalog: Catalog, store: ObjectStore) -> None:
        self._resources = catalog.resources
        self._packages = catalog.packages
        self._store = store

    def all(self, namespace_id: str, *, name: str | None = None) -> list[PublishedVersion]:
        """By name, the newest version first."""
        return self._packages.versions(namespace_id, name)

    def available(self, namespace_id: str) -> list[PublishedVersion]:
        """The namespace's own versions, then the shared ones."""
        shared = [] if namespace_id == SYSTEM else self._packages.versions(SYSTEM)
        return [*self._packages.versions(namespace_id), *shared]

    def of(self, namespace_id: str, name: str) -> list[PublishedVersion]:
        """The versions of a name, newest first; raises `NotFound` when there is none."""
        found = self._packages.versions(namespace_id, name)
        if not found:
            raise self._unknown(namespace_id, name)
        return found

    def get(self, namespace_id: str, identifier: str) -> PublishedVersion:
        """The named version, else the active one, else the newest; raises `NotFound`."""
        name, version = named_version(identifier)
        versions = self.of(namespace_id, name)
        pointer = self._packages.pointer(namespace_id, name)
        wanted = version or (pointer.active if pointer else "") or versions[0].version
        found = next((one for one in versions if one.version == wanted), None)
        if found is None:
            raise NotFound(
                f"{name} has no published version {wanted}.",
                field="version",
                value=identifier,
                fix=f"It has: {', '.join(one.version for one in versions)}.",
            )
        return found

    def newest(self, namespace_id: str, identifier: str) -> PublishedVersion:
        """The named version, else the newest one."""
        name, version = named_version(identifier)
        return self.of(namespace_id, name)[0] if version is None else self.get(namespace_id, identifier)

    def active(self, namespace_id: str, name: str) -> str:
        """The version that answers where none is named; raises `NotFound`."""
        return self.get(namespace_id, name).version

    def activations(self, namespace_id: str, name: str) -> list[Activation]:
        """Newest first; raises `NotFound` for a name without versions."""
        self.of(namespace_id, name)
        return self._packages.activations(namespace_id, name)

    def archive(self, namespace_id: str, identifier: str) -> bytes:
        """The archive in canonical form."""
        return self._store.get(self.get(namespace_id, identifier).archive)

    def delete(self, namespace_id: str, identifier: str) -> PublishedVersion:
        """Forget a version, which must be named; raises `Conflict` naming what uses it."""
        plugin = self._named(namespace_id, identifier)
        uses = [f"the collection {c.name!r}" for c in self.collections_of(plugin)]
        if self._packages.deployment(namespace_id, plugin.name, plugin.version) is not None:
            uses.append("its deployment")
        pointer = self._packages.pointer(namespace_id, plugin.name)
        others = len(self._packages.versions(namespace_id, plugin.name)) > 1
        if others and pointer is not None and plugin.version in (pointer.active, pointer.target):
            uses.append("the name itself, for which it is active")
        if uses:
            raise Conflict(
                f"{plugin.name} {plugin.spelling} is used by {', '.join(uses)}.",
                field="plugin_id",
                value=uses,
                fix="Delete those collections, undeploy it, or make another version active first.",
            )
        self._packages.delete_version(namespace_id, plugin.name, plugin.version)
        return plugin

    def collections_of(self, plugin: PublishedVersion) -> list[Collection]:
        """The collections that a version fills, or has filled a generation of."""
        namespace_id = None if plugin.namespace_id == SYSTEM else plugin.namespace_id
        return [c for c in self._resources.collections(namespace_id) if self._uses(c, plugin)]

    def _uses(self, collection: Collection, plugin: PublishedVersion) -> bool:
        named = [(collection.extractor.name, collection.extractor.version)]
        generations = self._resources.generations(collection.collection_id)
        named += [(one.extractor_name, one.extractor_version) for one in generations]
        return any(
            name == plugin.name and canonical_version(version) == plugin.version for name, version in named
        )

    def _named(self, namespace_id: str, identifier: str) -> PublishedVersion:
        name, version = named_version(identifier)
        versions = self.of(namespace_id, name)
        if version is None and len(versions) > 1:
            raise Conflict(
                f"{name} has {len(versions)} versions.",
                field="plugin_id",
                value=identifier,
                fix=f"Name one: {', '.join(one.plugin_id for one in versions)}.",
            )
        return self.get(namespace_id, identifier)

    def _unknown(self, namespace_id: str, name: str) -> NotFound:
        there = sorted({one.name for one in self._packages.versions(namespace_id)})
        return NotFound(
            f"Nothing is published as {name!r} in this namespace.",
            field="plugin_id",
            value=name,
            fix=f"There are: {', '.join(there)}." if there else "Publish it: mixpeek plugin publish.",
        )
