"""What becomes of a submitted batch: left to the stack, waited for, or run in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mixpeek_orchestration.core.batch import Batch
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

EXIT_FAILED = 1
_FINE = frozenset({"COMPLETED", "CANCELED"})
_PAUSE_S = 0.5

Now = Annotated[
    bool, typer.Option("--now", help="Run it in this process instead of leaving it to the stack.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the stack has run it.")]


def run_or_leave(warehouse: Warehouse, batch: Batch, *, now: bool, wait: bool = False) -> bool:
    """Run a submitted batch through its tiers here, wait for its end, or say who will run it; `False` when something
    of it failed."""
    if now:
        return _run_here(warehouse, batch)
    if wait:
        return _waited_for(warehouse, batch)
    typer.echo("It runs as soon as the stack is up (`mixpeek up`); --wait waits for it, --now runs it here.")
    return True


def _run_here(warehouse: Warehouse, batch: Batch) -> bool:
    from mixpeek_orchestration.core.identity import random_id

    outcomes = set()
    run_id = random_id("cli")
    with warehouse.runs.hold(run_id):
        for collection_id in batch.collection_ids:
            reports = warehouse.materialize(
                collection_id, [batch.batch_id], run_id=run_id, progress=lambda line: typer.echo(f"  {line}")
            )
            outcomes |= {report.outcome for report in reports.values()}
    return outcomes <= _FINE


def _waited_for(warehouse: Warehouse, batch: Batch) -> bool:
    """Tells each tier as it ends; the end of the batch is the end of the waiting, however long it takes."""
    from tenacity import Retrying, retry_if_result, wait_fixed

    told: set[str] = set()

    def look() -> Batch:
        seen = warehouse.catalog.batches.get(batch.batch_id) or batch
        for collection_id in (c for c in seen.collection_ids if c in seen.tiers and c not in told):
            told.add(collection_id)
            name = warehouse.collections.by_id(collection_id).name
            typer.echo(f"  {name}: {seen.tiers[collection_id].line}")
        return seen

    ended = Retrying(retry=retry_if_result(lambda seen: not seen.is_terminal), wait=wait_fixed(_PAUSE_S))(
        look
    )
    if ended.error:
        typer.secho(f"  {ended.error}", fg="red")
    return ended.status in _FINE
