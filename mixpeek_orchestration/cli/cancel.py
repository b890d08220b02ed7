"""`mixpeek cancel`: a batch is not worked on any more."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpeek_orchestration.cli.work import Namespace


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(cancel)


def cancel(
    batch: Annotated[str, typer.Argument(help="Batch, by id.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why; the batch keeps it.")] = None,
    namespace: Namespace = "default",
) -> None:
    """Cancel a batch: its run ends within seconds, what was committed stays, and submitting it again does the rest."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        found = warehouse.batches.in_namespace(warehouse.namespace_id(namespace), batch)
        if found.is_terminal:
            typer.echo(f"{batch} has ended already: {found.status}")
            return
        bucket = warehouse.buckets.get(found.namespace_id, found.bucket_id)
        typer.echo(f"{batch}: {warehouse.batches.cancel(bucket, batch, reason=reason).status}")
