"""Which objects a selection means: its filters, decided on the objects of the buckets that a collection comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mixpeek_orchestration.core.admission import Admission
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.filters import read_filter
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.core.tiers import root_buckets


def selected(selection: Selection, collection: Collection, catalog: Catalog) -> Selection:
    """The same selection with objects in the place of its filters; raises `InvalidInput` for filters that cannot be
    read. Filters that hold for nothing select nothing."""
    if not selection.filters:
        return selection
    collections = {c.collection_id: c for c in catalog.resources.collections(collection.namespace_id)}
    found = matching_objects(
        selection.filters,
        sorted(root_buckets(collection.collection_id, collections)),
        catalog,
        among=selection.object_ids or None,
    )
    return replace(selection, filters=None, object_ids=tuple(found) or (_NOTHING,))


_NOTHING = ""
"""No object has this id: an empty tuple would mean all of them."""


def matching_objects(
    filters: object, bucket_ids: Iterable[str], catalog: Catalog, *, among: Iterable[str] | None = None
) -> list[str]:
    """The ids of the live objects for whose metadata the filters hold, oldest first within a bucket."""
    asked = Admission(read_filter(filters))
    present = catalog.objects.frame(list(bucket_ids), object_ids=None if among is None else list(among))
    object_ids: list[str] = present["item"].to_list()
    read = catalog.objects.get_many(object_ids)
    return [one for one in object_ids if one in read and asked.takes(read[one].metadata)]
