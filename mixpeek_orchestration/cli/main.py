"""The `mixpeek` command. Each group of commands is a module; what they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpeek_orchestration import __version__
from mixpeek_orchestration.cli import (
    budget,
    cancel,
    connection,
    declare,
    demo,
    drift,
    erase,
    explain,
    failures,
    index,
    lineage,
    migrate,
    model,
    plan,
    replay,
    reprocess,
    secrets,
    stack_commands,
    sync,
    work,
)
from mixpeek_orchestration.cli.errors import ErrorsForPeople
from mixpeek_orchestration.cli.plugin import group

app = typer.Typer(
    name="mixpeek",
    cls=ErrorsForPeople,
    help="An open, self-hosted warehouse for multimodal data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mixpeek {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """An open, self-hosted warehouse for multimodal data."""


stack_commands.add_to(app)
declare.add_to(app)
work.add_to(app)
demo.add_to(app)
group.add_to(app)
secrets.add_to(app)
model.add_to(app)
lineage.add_to(app)
index.add_to(app)
failures.add_to(app)
plan.add_to(app)
reprocess.add_to(app)
budget.add_to(app)
cancel.add_to(app)
explain.add_to(app)
replay.add_to(app)
migrate.add_to(app)
sync.add_to(app)
connection.add_to(app)
erase.add_to(app)
drift.add_to(app)
