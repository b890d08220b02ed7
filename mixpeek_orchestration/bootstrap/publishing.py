"""Publishing a snapshot with what the packages say of the collections in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mixpeek_orchestration.core.collection import Collection
    from mixpeek_orchestration.core.collection_profile import Profile
    from mixpeek_orchestration.core.extractor import ExtractorDescription
    from mixpeek_orchestration.core.ports.catalog import Catalog
    from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
    from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot


def publish_snapshot(catalog: Catalog, registry: ExtractorRegistry, folder: Path) -> Snapshot:
    """The newest snapshot, in the folder when this returns."""
    from mixpeek_orchestration.core.collection_profile import profile_of
    from mixpeek_orchestration.core.published import endpoint_owner
    from mixpeek_orchestration.warehouse.snapshots.taking import publish

    packages = _Packages(registry)

    def endpoint_of(namespace_id: str, name: str, version: str) -> tuple[str, str] | None:
        description = packages.describe(namespace_id, name, version)
        if not description.has_realtime:
            return None
        return description.version, endpoint_owner(description.namespace_id, namespace_id)

    def profile(collection: Collection) -> Profile:
        choice = collection.extractor
        return profile_of(
            packages.describe(collection.namespace_id, choice.name, choice.version, choice.parameters)
        )

    return publish(catalog, folder, endpoint_of=endpoint_of, profile_of=profile)


class _Packages:
    """The packages as they are while one snapshot is taken: each choice is read once, since that looks through folders."""

    def __init__(self, registry: ExtractorRegistry) -> None:
        self._registry = registry
        self._described: dict[tuple[str, str, str, str], ExtractorDescription] = {}

    def describe(
        self, namespace_id: str, name: str, version: str, parameters: Mapping[str, Any] | None = None
    ) -> ExtractorDescription:
        choice = (namespace_id, name, version, json.dumps(parameters, sort_keys=True, default=str))
        if choice not in self._described:
            self._described[choice] = self._registry.describe(
                name, version, parameters, namespace_id=namespace_id
            )
        return self._described[choice]
