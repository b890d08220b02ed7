"""The warehouse in the process of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpeek_orchestration.core.collection import Collection
    from mixpeek_orchestration.warehouse.warehouse import Warehouse


@contextmanager
def local_warehouse() -> Iterator[Warehouse]:
    """The warehouse that the settings name, with its catalog made or upgraded and the default namespace there."""
    from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
    from mixpeek_orchestration.cli.stack.record import settings_of_stack
    from mixpeek_orchestration.settings import Settings

    settings = settings_of_stack(Settings())
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    try:
        yield warehouse
    finally:
        warehouse.close()


def chosen_collections(warehouse: Warehouse, namespace: str, identifier: str | None) -> list[Collection]:
    """The one named collection, or all enabled ones of the namespace by tier."""
    from mixpeek_orchestration.core.tiers import tier_of

    namespace_id = warehouse.namespace_id(namespace)
    if identifier is not None:
        return [warehouse.collections.get(namespace_id, identifier)]
    enabled = [c for c in warehouse.collections.all(namespace_id) if c.enabled]
    tiers = tier_of(enabled)
    return sorted(enabled, key=lambda c: (tiers[c.collection_id], c.created_at))
