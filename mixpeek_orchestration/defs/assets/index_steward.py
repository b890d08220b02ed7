"""The index of every collection as an asset beside it, tended in one step for all that were chosen.

One op for all of them: 200 collections are one step and no more than 200 events, and only for those where something was
done. Names come from ids, because Dagster would derive them from keys, which may clash or hold what it refuses.
"""

# No `from __future__ import annotations` here: Dagster resolves the annotations of a config itself.

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from mixpeek_orchestration.core.identity import resource_slug
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.upkeep.index_steward import TableState, Tended

POOL: Final = "mixpeek_index"
OP: Final = "tend_indexes"


class StewardConfig(dg.Config):
    """Whether collections that need nothing are left out of the record, as the schedule wants."""

    only_news: bool = False


def index_key(collection: SnapshotCollection) -> dg.AssetKey:
    """`<namespace>/collections/<name>/index`."""
    return dg.AssetKey([*naming.asset_key(collection).path, "index"])


def index_assets(
    collections: Sequence[SnapshotCollection], addresses: Addresses
) -> list[dg.AssetsDefinition]:
    """The indexes of all collections as one definition of which any part can be materialized; none without any."""
    if not collections:
        return []
    by_key = {index_key(collection): collection for collection in collections}

    @dg.multi_asset(
        name=OP,
        ins={_input(c): dg.AssetIn(naming.asset_key(c), dagster_type=dg.Nothing) for c in collections},
        outs={_output(c): _out(c, addresses) for c in collections},
        internal_asset_deps={_output(c): {naming.asset_key(c)} for c in collections},
        can_subset=True,
        pool=POOL,
    )
    def indexes(
        context: dg.AssetExecutionContext, config: StewardConfig, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult]:
        steward, failed = warehouse.open().index_steward, []
        for key in sorted(context.selected_asset_keys):
            try:
                known = warehouse.open().collections.by_id(by_key[key].collection_id)
                tended = steward.tend(known, progress=context.log.info)
            except Exception as error:  # noqa: BLE001 - one table that cannot be tended costs only itself
                context.log.error(f"{by_key[key].name}: {type(error).__name__}: {error}")
                failed.append(by_key[key].name)
                continue
            if tended.done or not config.only_news:
                yield dg.MaterializeResult(asset_key=key, metadata=told(tended))
        if failed:
            raise dg.Failure(f"Not tended: {', '.join(failed)}.", allow_retries=False)

    return [indexes]


def index_schedules(assets: Sequence[dg.AssetsDefinition]) -> list[dg.ScheduleDefinition]:
    """Every half hour all indexes are looked at; none where there is nothing to index."""
    if not assets:
        return []
    job = dg.define_asset_job(
        "tend_all_indexes",
        selection=dg.AssetSelection.assets(*assets),
        config={"ops": {OP: {"config": {"only_news": True}}}},
        tags={"dagster/max_retries": "0"},
        description="Upkeep: compacts, indexes and cleans the tables of all collections, as far as they need it.",
    )
    return [
        dg.ScheduleDefinition(
            name="index_steward",
            job=job,
            cron_schedule="*/30 * * * *",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Tends the indexes of all collections every half hour; never while a batch of theirs is open.",
        )
    ]


def told(tended: "Tended") -> Mapping[str, Any]:
    """What was done, and what the serving table is like: numbers that the UI draws over time."""
    active = next((state for state in tended.tables if state.active), None)
    facts = active.facts if active else None
    return {
        "did": dg.MetadataValue.md("\n".join(f"- {step.line}" for step in tended.done) or "nothing to do"),
        **({"waits_for": tended.waits_for} if tended.waits_for else {}),
        **({"still_to_do": _lines(active)} if active and active.steps else {}),
        **(
            {}
            if facts is None
            else {
                "rows": facts.rows,
                "deleted_rows": facts.deleted,
                "fragments": facts.fragments,
                "versions": facts.versions,
                "bytes": facts.bytes,
                "index_kind": ", ".join(sorted({index.kind for index in facts.indexes})) or "none",
                "unindexed_tail": max((index.tail for index in facts.indexes), default=facts.rows),
                "indexes": _table(facts.indexes),
                "tags": ", ".join(facts.tags) or "none",
            }
        ),
    }


def _lines(state: "TableState") -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("\n".join(f"- {step.line}" for step in state.steps))


def _table(indexes: Iterable[Any]) -> dg.MarkdownMetadataValue:
    rows = [f"| {i.kind} | {i.column} | {i.rows:,} | {i.tail:,} | {i.parts} |" for i in indexes]
    head = ["| kind | column | rows | not in it | parts |", "|---|---|---:|---:|---:|"]
    return dg.MetadataValue.md("\n".join([*head, *rows]) if rows else "none: a scan is as fast")


def _out(collection: SnapshotCollection, addresses: Addresses) -> dg.AssetOut:
    return dg.AssetOut(
        key=index_key(collection),
        dagster_type=dg.Nothing,
        is_required=False,
        description=(
            f"The indexes and files of the table of `{collection.name}`: kept fast and small as it grows. Tending it "
            "changes no document, and waits while a batch of the collection is open."
        ),
        group_name=naming.group_name(collection),
        owners=naming.owners(collection),
        tags=naming.tags(collection),
        kinds={"lancedb"},
        metadata={
            "collection_id": collection.collection_id,
            "api": addresses.resource(collection),
        },
    )


def _input(collection: SnapshotCollection) -> str:
    return f"rows_of_{resource_slug(collection.collection_id)}"


def _output(collection: SnapshotCollection) -> str:
    return f"index_of_{resource_slug(collection.collection_id)}"
