"""Asset checks of a collection: facts about its present state, judged together in one step."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import dagster as dg

from mixpeek_orchestration.core.identity import resource_slug
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.assets.failures import failures_event
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.upkeep.verdicts import Verdict
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

FACTS: Final = {
    "nothing_drifted": "Nobody but Mixpeek has changed the tables, and none of their files is gone.",
    "accounting_balances": "Every item of the source is accounted for, and every report adds up.",
    "vectors_are_valid": "Every vector has its dimension, is finite and is not zero.",
    "nothing_failed": "No item has an open failure.",
}
REPORTS: Final = 20


def collection_checks(collection: SnapshotCollection, addresses: Addresses) -> dg.AssetChecksDefinition:
    """The checks of a collection. They run after each materialization, or alone from the UI, and with them its asset
    of failures is renewed.

    The definition is put together by hand because the decorators derive input and output names from the key.
    """
    key = naming.asset_key(collection)

    @dg.op(
        name=f"{resource_slug(collection.collection_id)}_checks",
        ins={"documents": dg.In(dg.Nothing)},
        out={fact: dg.Out(dg.Nothing, is_required=False) for fact in FACTS},
        pool=naming.shared_pool(collection),  # the pools of all steps are held for the whole run
    )
    def judge(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.AssetCheckResult]:
        wanted = {check.name for check in context.selected_asset_check_keys}
        opened = warehouse.open()
        context.op_execution_context.log_event(failures_event(opened, collection, addresses))
        for fact, verdict in judged(opened, collection.collection_id, wanted):
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=fact,
                passed=verdict.holds,
                severity=dg.AssetCheckSeverity(verdict.severity),
                description=verdict.said,
                metadata=dict(verdict.numbers),
            )

    return dg.AssetChecksDefinition.create(
        keys_by_input_name={"documents": key},
        node_def=judge,
        resource_defs={},
        check_specs_by_output_name={
            fact: dg.AssetCheckSpec(fact, asset=key, description=description)
            for fact, description in FACTS.items()
        },
        can_subset=True,
    )


def judged(warehouse: "Warehouse", collection_id: str, wanted: set[str]) -> Iterator[tuple[str, "Verdict"]]:
    """The wanted facts about a collection as it is now."""
    from mixpeek_orchestration.warehouse.upkeep import verdicts

    collection = warehouse.collections.by_id(collection_id)
    if "nothing_drifted" in wanted:
        yield "nothing_drifted", verdicts.nothing_drifted(collection, warehouse.drift.check(collection))
    generation = warehouse.collections.generation(collection)
    if "accounting_balances" in wanted:
        plan = warehouse.plan(collection_id).plan
        state = warehouse.documents.state(generation.table)["item"].to_list()
        told = warehouse.catalog.ledger.outcomes(generation.generation_id)["item"].to_list()
        reports = warehouse.catalog.ledger.history(collection_id, limit=REPORTS)
        yield "accounting_balances", verdicts.accounting_balances(plan, {*state, *told}, reports)
    if "vectors_are_valid" in wanted:
        yield "vectors_are_valid", verdicts.vectors_are_valid(warehouse.documents, generation)
    if "nothing_failed" in wanted:
        count = warehouse.documents.count(generation.table)
        yield (
            "nothing_failed",
            verdicts.nothing_failed(
                warehouse.catalog.failures, warehouse.failed.query(collection), documents=count
            ),
        )


def report_checks_now(
    instance: dg.DagsterInstance,
    collection: SnapshotCollection,
    warehouse: "Warehouse",
    addresses: Addresses,
) -> None:
    """Record checks and failures from inside a body that is about to fail: Dagster skips the checks of a failed asset."""
    instance.report_runless_asset_event(failures_event(warehouse, collection, addresses))
    for fact, verdict in judged(warehouse, collection.collection_id, set(FACTS)):
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=naming.asset_key(collection),
                check_name=fact,
                passed=verdict.holds,
                severity=dg.AssetCheckSeverity(verdict.severity),
                description=verdict.said,
                metadata=dict(verdict.numbers),
            )
        )
