"""`mixpeek plugin …`: writing, checking and publishing extractor packages; each command is in a module beside this."""

from __future__ import annotations

from types import ModuleType
from typing import Annotated

import typer

from mixpeek_orchestration.cli.errors import ErrorsForPeople
from mixpeek_orchestration.cli.plugin import (
    deployment,
    difference,
    init,
    inventory,
    lint,
    publish,
    test,
    versions,
)

MODULES: tuple[ModuleType, ...] = (init, lint, test, publish, inventory, deployment, versions, difference)
"""Each has `add_to(plugin, flat)`: it registers its commands on the group, and on `flat` (the top level, where
`mixpeek init`, `test` and `push` are known too; `mixpeek validate` checks declarations as well)."""

plugin = typer.Typer(
    name="plugin",
    cls=ErrorsForPeople,
    help="Write, check, publish and version extractor packages.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@plugin.callback()
def connection(
    context: typer.Context,
    api_key: Annotated[str | None, typer.Option(envvar="MIXPEEK_API_KEY", help="The API key.")] = None,
    base_url: Annotated[
        str | None,
        typer.Option(envvar=["MIXPEEK_BASE_URL", "MIXPEEK_API_URL"], help="The address of the API."),
    ] = None,
) -> None:
    """Write, check, publish and version extractor packages."""
    context.obj = {"api_key": api_key, "base_url": base_url}


def add_to(app: typer.Typer) -> None:
    """Register the group and what of it is known at the top level."""
    for module in MODULES:
        module.add_to(plugin, app)
    app.add_typer(plugin)
