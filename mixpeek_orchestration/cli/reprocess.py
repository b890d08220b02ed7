"""`mixpeek reprocess`: run a part of collections again, once its price is known."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from mixpeek_orchestration.cli import selecting
from mixpeek_orchestration.cli.plan import AsJson, MaxCost, meant, show
from mixpeek_orchestration.cli.running import EXIT_FAILED, Now, Wait, run_or_leave
from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.reprocess import Reprocessing
    from mixpeek_orchestration.warehouse.warehouse import Warehouse


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(reprocess)


def reprocess(
    collections: Annotated[list[str] | None, typer.Argument(help="Collections, by name or id.")] = None,
    extractor: Annotated[
        str | None, typer.Option("--extractor", help="The collections that NAME or NAME@VERSION makes.")
    ] = None,
    filters: selecting.Filters = None,
    object_ids: selecting.ObjectIds = None,
    limit: selecting.Limit = 0,
    sample: selecting.Sample = 0,
    force: selecting.Force = False,
    max_cost: MaxCost = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the price, run nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it runs.")] = False,
    now: Now = False,
    wait: Wait = False,
    as_json: AsJson = False,
    namespace: Namespace = "default",
) -> None:
    """Run what is new or stale in collections, and in the tiers below them, after showing what it costs.

    Only what is out of date runs, unless --force is given. It becomes a batch like any other.
    """
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.errors import InvalidInput

    if not (collections or extractor):
        raise InvalidInput(
            "Say what to reprocess.",
            field="COLLECTION",
            fix="Name a collection, or an extractor with --extractor.",
        )
    selection = selecting.selection_of(
        filters=filters, object_ids=object_ids, limit=limit, sample=sample, force=force
    )
    with local_warehouse() as warehouse:
        chosen = meant(warehouse, namespace, collections or [], extractor)
        asked = warehouse.reprocess.prepare(chosen, selection, max_cost=max_cost)
        show(warehouse, asked.forecast, as_json=as_json)
        warehouse.reprocess.admit(asked)
        if dry_run or asked.forecast.is_idle or not (yes or _agreed(as_json=as_json)):
            return
        # JSON is alone on standard output.
        with redirect_stdout(sys.stderr) if as_json else nullcontext():
            done = _run(warehouse, asked, now=now, wait=wait)
        if not done:
            raise typer.Exit(EXIT_FAILED)


def _agreed(*, as_json: bool) -> bool:
    """Whether a person says so; a program says --yes."""
    return not as_json and typer.confirm("Run it?")


def _run(warehouse: Warehouse, asked: Reprocessing, *, now: bool, wait: bool) -> bool:
    """Submit it, and run it here when asked to; `False` when something failed."""
    done = True
    for batch in warehouse.reprocess.submit(asked):
        typer.echo(f"{batch.batch_id}: {batch.object_count} source objects submitted")
        done = run_or_leave(warehouse, batch, now=now, wait=wait) and done
    return done
