"""The job that makes the tables of a collection ours again after somebody else changed them."""

from typing import Final

import dagster as dg

from mixpeek_orchestration.defs.lineage import no_retry_in_vain
from mixpeek_orchestration.defs.resources import WarehouseResource

HEALED: Final = "mixpeek/healed_collection"
"""The tag by which the runs that heal a collection are found."""


class HealConfig(dg.Config):
    """Whose tables to heal."""

    collection_id: str


@dg.op(
    name="heal_tables",
    description="Restores what somebody else changed in the tables of a collection, and submits what they lack now.",
)
def heal_tables(context: dg.OpExecutionContext, config: HealConfig, warehouse: WarehouseResource) -> None:
    """Waits for whoever writes the tables; what was healed meanwhile needs nothing."""
    opened = warehouse.open()
    with no_retry_in_vain():
        healed = opened.drift.heal(opened.collections.by_id(config.collection_id), run_id=context.run_id)
    context.add_output_metadata(
        {
            "tables_healed": len(healed.done),
            "batches": ", ".join(batch.batch_id for batch in healed.batches) or "none",
            "still_different": len(healed.left),
        }
    )


@dg.job(
    name="heal_drift",
    description="Upkeep: makes tables that somebody else changed ours again.",
    tags={"dagster/max_retries": "0"},
)
def heal_drift() -> None:
    """One op, so that a run of it is one line in the UI."""
    heal_tables()
