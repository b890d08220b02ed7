"""The failures of a collection as an asset beside it, renewed whenever the collection's present state is judged.

It is no step of a run: an external asset whose materialization the step of the checks reports, one event a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from mixpeek_orchestration.core.failure_table import markdown, shown
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.warehouse import Warehouse


def failures_key(collection: SnapshotCollection) -> dg.AssetKey:
    """`<namespace>/collections/<name>/failures`."""
    return dg.AssetKey([*naming.asset_key(collection).path, "failures"])


def failures_spec(collection: SnapshotCollection, addresses: Addresses) -> dg.AssetSpec:
    """What failed in a collection and is open still: a row is one failed row of a source item."""
    return dg.AssetSpec(
        failures_key(collection),
        deps=[naming.asset_key(collection)],
        description=(
            f"What failed in `{collection.name}` and is not resolved: a row is a failed row of a source item, with class, "
            "message, traceback and versions, kept in the catalog. Each run of the collection renews it. Transient errors "
            "were tried again within their run and are with every later one; permanent ones wait until input or code "
            f"change, or for `mixpeek replay {collection.name}`."
        ),
        group_name=naming.group_name(collection),
        owners=naming.owners(collection),
        tags=naming.tags(collection),
        kinds={"table"},
        metadata={
            "collection_id": collection.collection_id,
            "failures": addresses.failures(collection),
        },
    )


def failures_event(
    warehouse: Warehouse, collection: SnapshotCollection, addresses: Addresses
) -> dg.AssetMaterialization:
    """The open failures as they are now: counts, classes and links, never a message."""
    return dg.AssetMaterialization(
        failures_key(collection), metadata=_metadata(warehouse, collection, addresses)
    )


def _metadata(warehouse: Warehouse, collection: SnapshotCollection, addresses: Addresses) -> dict[str, Any]:
    known = warehouse.collections.by_id(collection.collection_id)
    which = warehouse.failed.query(known)
    groups = warehouse.failed.of(known)
    classes = list(dict.fromkeys(shown(group.key["error_class"]) for group in groups))
    commands = [f"mixpeek replay {shown(known.name)!r} --class {name}" for name in classes[:10]]
    return {
        "open_failures": len(warehouse.catalog.failures.items(which)),
        "dagster/row_count": warehouse.catalog.failures.count(which),
        "classes": len(classes),
        "by_class": dg.MetadataValue.md(markdown(groups)),
        "failures": addresses.failures(collection),
        **(
            {"replay": dg.MetadataValue.md("\n".join(f"`{line}`  " for line in commands))} if commands else {}
        ),
    }
