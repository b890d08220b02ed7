"""`mixpeek plan`: what would run, why, for how long and for how much; nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mixpeek_orchestration.cli import selecting
from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from mixpeek_orchestration.core.collection import Collection
    from mixpeek_orchestration.core.spending.forecast import Forecast
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0.0, help="Refuse when it may cost more dollars than this.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(plan)


def plan(
    collections: Annotated[
        list[str] | None, typer.Argument(help="Collections, by name or id; all without any.")
    ] = None,
    extractor: Annotated[
        str | None, typer.Option("--extractor", help="The collections that NAME or NAME@VERSION makes.")
    ] = None,
    filters: selecting.Filters = None,
    object_ids: selecting.ObjectIds = None,
    limit: selecting.Limit = 0,
    sample: selecting.Sample = 0,
    force: selecting.Force = False,
    max_cost: MaxCost = None,
    as_json: AsJson = False,
    namespace: Namespace = "default",
) -> None:
    """Show what would run and what it costs, tier by tier; nothing runs."""
    from mixpeek_orchestration.cli.local import local_warehouse

    selection = selecting.selection_of(
        filters=filters, object_ids=object_ids, limit=limit, sample=sample, force=force
    )
    with local_warehouse() as warehouse:
        chosen = meant(warehouse, namespace, collections or [], extractor)
        forecast = warehouse.estimates.outlook(chosen, selection).forecast
        show(warehouse, forecast, as_json=as_json)
        warehouse.spending.admit(forecast, max_cost=max_cost)


def meant(
    warehouse: Warehouse, namespace: str, identifiers: list[str], extractor: str | None
) -> list[Collection]:
    """The named collections, those that an extractor makes, or all enabled ones."""
    from mixpeek_orchestration.cli.local import chosen_collections

    named = [c for one in identifiers for c in chosen_collections(warehouse, namespace, one)]
    if extractor:
        made = warehouse.reprocess.made_by(warehouse.namespace_id(namespace), extractor)
        return [c for c in made if not named or c in named]
    return named or chosen_collections(warehouse, namespace, None)


def show(warehouse: Warehouse, forecast: Forecast, *, as_json: bool) -> None:
    """Print a forecast."""
    import json

    from mixpeek_orchestration.cli.forecast_lines import forecast_lines

    if as_json:
        typer.echo(json.dumps(forecast.as_dict(), indent=2))
        return
    limits = warehouse.spending.limits(forecast.namespace_id) if forecast.tiers else []
    for line in forecast_lines(forecast, limits):
        typer.echo(line)
