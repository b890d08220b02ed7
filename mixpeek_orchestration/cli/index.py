"""`mixpeek index`: how the tables of a collection are, and tending them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mixpeek_orchestration.warehouse.upkeep.index_steward import TableState

_WAIT_S = 60.0


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(index)


def index(
    collection: Annotated[
        str | None, typer.Argument(help="Collection, by name or id; all without it.")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Compact, index and clean up now, as far as it is needed.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Only show, which is what happens without --now.")
    ] = False,
    namespace: Namespace = "default",
) -> None:
    """Show the indexes, fragments and versions of collections, and what tending them would do; with --now, do it."""
    from mixpeek_orchestration.cli.local import chosen_collections, local_warehouse

    with local_warehouse() as warehouse:
        waiting = False
        for chosen in chosen_collections(warehouse, namespace, collection):
            if now and not status:
                tended = warehouse.index_steward.tend(chosen, wait_s=_WAIT_S, progress=typer.echo)
                waiting = waiting or bool(tended.waits_for)
                typer.echo(tended.line)
                states = list(tended.tables)
            else:
                states = warehouse.index_steward.status(chosen)
            for state in states:
                for line in state_lines(chosen.name, state):
                    typer.echo(line)
        if waiting:
            raise typer.Exit(2)


def state_lines(name: str, state: TableState) -> Iterator[str]:
    """One table: its size, its indexes with what they do not cover, and what is left to do."""
    facts = state.facts
    serving = "serving" if state.active else "not serving"
    yield (
        f"{name} generation {state.generation.number} ({serving}): {facts.rows:,} rows, {facts.deleted:,} deleted rows, "
        f"{facts.fragments:,} fragments, {facts.versions:,} versions, {facts.bytes / 1e6:,.1f} MB"
    )
    for found in facts.indexes:
        yield f"  {found.kind} on {found.column}: {found.rows:,} rows, {found.tail:,} not in it"
    for step in state.steps:
        yield f"  to do: {step.line}"
