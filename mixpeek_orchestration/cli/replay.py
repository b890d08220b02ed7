"""`mixpeek replay`: failed items run again, exactly those that are named."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpeek_orchestration.cli.running import EXIT_FAILED, Now, Wait, run_or_leave
from mixpeek_orchestration.cli.work import Namespace


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(replay)


def replay(
    collection: Annotated[str, typer.Argument(help="Collection, by name or id.")],
    error_class: Annotated[
        str | None, typer.Option("--class", help="Every item with an open failure of this class.")
    ] = None,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="This item; can be given several times.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every item with an open failure.")] = False,
    now: Now = False,
    wait: Wait = False,
    namespace: Namespace = "default",
) -> None:
    """Submit a batch that tries failed items again, permanent failures too, and nothing else."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.errors import InvalidInput
    from mixpeek_orchestration.core.failure_table import counted

    if bool(everything) == bool(error_class or item):
        raise InvalidInput(
            "Say which items to try again: either --all, or --class and --item.",
            field="--all",
            fix="`mixpeek failures` shows the classes and items that have an open failure.",
        )
    with local_warehouse() as warehouse:
        chosen = warehouse.collections.get(warehouse.namespace_id(namespace), collection)
        batch = warehouse.failed.replay(chosen, error_class=error_class, items=item or None)
        items = batch.metadata["replay"]["items"][chosen.collection_id]
        typer.echo(f"{chosen.name}: {batch.batch_id} tries {counted(items)} again")
        if not run_or_leave(warehouse, batch, now=now, wait=wait):
            raise typer.Exit(EXIT_FAILED)
