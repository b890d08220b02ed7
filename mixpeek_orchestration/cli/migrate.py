"""`mixpeek migrate …`: another extractor version, model or parameters beside what answers, then in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mixpeek_orchestration.cli.errors import ErrorsForPeople
from mixpeek_orchestration.cli.plan import MaxCost
from mixpeek_orchestration.cli.running import EXIT_FAILED, Now, Wait, run_or_leave
from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from mixpeek_orchestration.core.collection import Collection
    from mixpeek_orchestration.core.migration import Migration
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

migrate = typer.Typer(
    name="migrate",
    cls=ErrorsForPeople,
    help="Fill a collection with another extractor version, model or parameters while the old one answers; then switch.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_ENDPOINT_S = 600.0

Name = Annotated[str, typer.Argument(help="Collection, by name or id.")]
Rerun = Annotated[
    bool, typer.Option("--rerun/--no-rerun", help="Submit what later tiers have to do again because of it.")
]


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(migrate)


@migrate.command()
def start(
    collection: Name,
    extractor: Annotated[
        str | None, typer.Option("--extractor", help="NAME@VERSION; the collection's own without it.")
    ] = None,
    parameters: Annotated[
        str | None, typer.Option("--parameters", help="A JSON object; the extractor's defaults without it.")
    ] = None,
    sample: Annotated[
        int,
        typer.Option(
            "--sample", min=0, help="Fill only so many source objects for now; start again for all."
        ),
    ] = 0,
    index_map: Annotated[
        list[str] | None,
        typer.Option("--map", help="OLD_URI=NEW_URI where features do not pair by name; repeat for more."),
    ] = None,
    max_cost: MaxCost = None,
    now: Now = False,
    wait: Wait = False,
    namespace: Namespace = "default",
) -> None:
    """Fill a new generation beside the one that answers, or what is still missing of it."""
    from mixpeek_orchestration.cli.migration_lines import asked_extractor, asked_map

    with _opened(namespace, collection) as (warehouse, chosen):
        spec = asked_extractor(chosen, extractor, parameters)
        migration = warehouse.migrations.start(
            chosen, spec, sample=sample, index_map=asked_map(index_map or []), max_cost=max_cost
        )
        warehouse.publish()
        batches = [warehouse.catalog.batches.get(batch_id) for batch_id in migration.batch_ids]
        waiting = [batch for batch in batches if batch is not None and not batch.is_terminal]
        typer.echo(
            f"{chosen.name}: {migration.from_extractor} answers, {migration.to_extractor} is filled by "
            f"{len(waiting)} batches ({sum(batch.object_count for batch in waiting)} objects)"
        )
        fine = [run_or_leave(warehouse, batch, now=now, wait=wait) for batch in waiting]
        if wait and all(fine):
            _wait_for_endpoint(warehouse, chosen)
        _show_status(warehouse, chosen)
        if not all(fine):
            raise typer.Exit(EXIT_FAILED)


@migrate.command()
def status(collection: Name, namespace: Namespace = "default") -> None:
    """Show how far a migration is, and what stands in the way of a switch."""
    with _opened(namespace, collection) as (warehouse, chosen):
        _show_status(warehouse, chosen)


@migrate.command(name="list")
def list_migrations(namespace: Namespace = "default") -> None:
    """Show the migrations of a namespace, newest first."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        for chosen in warehouse.collections.all(warehouse.namespace_id(namespace)):
            for one in warehouse.migrations.of(chosen):
                state = one.state(chosen.active_generation)
                typer.echo(
                    f"{one.created_at}  {chosen.name}  {one.from_extractor} → {one.to_extractor}  {state}"
                )


@migrate.command()
def compare(
    collection: Name,
    query: Annotated[list[str] | None, typer.Option("--query", help="Ask this; repeat for more.")] = None,
    queries: Annotated[Path | None, typer.Option("--queries", help="A file with a query a line.")] = None,
    top: Annotated[
        int, typer.Option("--top", "-k", min=1, max=1000, help="How many results to compare.")
    ] = 10,
    namespace: Namespace = "default",
) -> None:
    """Ask both generations the same: how much the answers agree, how fast and how dear each is.

    Without queries it takes those that retrievers of the collection were asked lately.
    """
    from mixpeek_orchestration.cli.migration_lines import comparison_lines

    given = [*(query or []), *(queries.read_text().splitlines() if queries else [])]
    with _opened(namespace, collection) as (warehouse, chosen):
        migration = warehouse.migrations.open(chosen)
        asked = [text for text in given if text.strip()]
        found = warehouse.comparisons.compare(chosen, migration, queries=asked, k=top)
        for line in comparison_lines(found):
            typer.echo(line)


@migrate.command()
def switch(
    collection: Name,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would change, switch nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    allow_failures: Annotated[
        bool,
        typer.Option("--allow-failures", help="Switch although items failed in the new generation only."),
    ] = False,
    rerun: Rerun = True,
    namespace: Namespace = "default",
) -> None:
    """Let the new generation answer, after showing what that makes later tiers do again."""
    from mixpeek_orchestration.cli.migration_lines import switch_lines

    with _opened(namespace, collection) as (warehouse, chosen):
        for line in switch_lines(warehouse.migrations.switch_plan(chosen)):
            typer.echo(line)
        if dry_run or not (yes or typer.confirm("Switch?")):
            return
        migration = warehouse.migrations.switch(chosen, allow_failures=allow_failures, rerun=rerun)
        _moved(warehouse, chosen, migration.to_extractor)


@migrate.command()
def rollback(collection: Name, rerun: Rerun = True, namespace: Namespace = "default") -> None:
    """Let the old generation answer again."""
    with _opened(namespace, collection) as (warehouse, chosen):
        migration = warehouse.migrations.rollback(chosen, rerun=rerun)
        _moved(warehouse, chosen, migration.from_extractor)


@migrate.command()
def drop(collection: Name, namespace: Namespace = "default") -> None:
    """Remove the old generation for good; there is no way back from then on."""
    with _opened(namespace, collection) as (warehouse, chosen):
        migration = warehouse.migrations.drop(chosen)
        warehouse.publish()
        typer.echo(f"{chosen.name}: the generation of {migration.from_extractor} is gone")


@migrate.command()
def abandon(collection: Name, namespace: Namespace = "default") -> None:
    """Give a migration up before its switch: the new generation is removed."""
    with _opened(namespace, collection) as (warehouse, chosen):
        migration: Migration = warehouse.migrations.abandon(chosen)
        warehouse.publish()
        typer.echo(f"{chosen.name}: the generation of {migration.to_extractor} is gone")


@migrate.command()
def queries(
    forget: Annotated[bool, typer.Option("--forget", help="Remove them.")] = False,
    namespace: Namespace = "default",
) -> None:
    """Count the queries that are kept for comparisons (MIXPEEK_LOGGED_QUERIES says how many may be)."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        namespace_id = warehouse.namespace_id(namespace)
        if forget:
            typer.echo(f"{warehouse.queries.forget(namespace_id)} queries removed")
        else:
            typer.echo(f"{len(warehouse.queries.recent(namespace_id, limit=100_000))} queries kept")


@contextmanager
def _opened(namespace: str, collection: str) -> Iterator[tuple[Warehouse, Collection]]:
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        yield warehouse, warehouse.collections.get(warehouse.namespace_id(namespace), collection)


def _moved(warehouse: Warehouse, collection: Collection, extractor: str) -> None:
    warehouse.publish()
    typer.echo(f"{collection.name}: {extractor} answers now")
    pending: list[Any] = warehouse.catalog.batches.recent(statuses={"PENDING"})
    again = [one for one in pending if one.metadata.get("migration") and "generation" not in one.metadata]
    if again:
        typer.echo(f"  {len(again)} batches of later tiers were submitted")


def _wait_for_endpoint(warehouse: Warehouse, collection: Collection) -> None:
    """Queries can be encoded for the new generation, or some minutes have passed; the status says which."""
    from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

    def obstacle() -> str | None:
        return warehouse.migrations.status(collection).obstacle

    if obstacle() is None:
        return
    typer.echo("  waiting for the endpoint that encodes queries for it")
    Retrying(
        retry=retry_if_result(lambda told: told is not None),
        stop=stop_after_delay(_ENDPOINT_S),
        wait=wait_fixed(1.0),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )(obstacle)


def _show_status(warehouse: Warehouse, collection: Collection) -> None:
    from mixpeek_orchestration.cli.migration_lines import status_lines

    for line in status_lines(warehouse.migrations.status(collection)):
        typer.echo(line)
