"""`mixpeek connection …`: stores with credentials of their own, which syncs read through."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mixpeek_orchestration.cli.errors import ErrorsForPeople

connection = typer.Typer(
    name="connection",
    cls=ErrorsForPeople,
    help="Storage connections: S3 and what speaks like it, with credentials that are encrypted and never shown.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Which = Annotated[str, typer.Argument(help="The connection, by name or id.")]


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(connection)


@connection.command()
def add(
    name: Annotated[str, typer.Argument(help="What syncs call it.")],
    key_id: Annotated[str, typer.Option("--key-id", help="The access key's id, or {{SECRET.name}}.")] = "",
    secret: Annotated[
        str | None,
        typer.Option(
            "--secret",
            help="{{SECRET.name}} of the secret key; without it, it is asked for or read from stdin.",
        ),
    ] = None,
    role: Annotated[str, typer.Option("--role", help="Take on this role (ARN) instead of using a key.")] = "",
    external_id: Annotated[str, typer.Option("--external-id", help="The external id of the role.")] = "",
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="URL of the store; AWS without it.")
    ] = None,
    region: Annotated[str | None, typer.Option("--region", help="Region of the buckets.")] = None,
    provider: Annotated[str, typer.Option("--provider", help="s3 or tigris.")] = "s3",
    untested: Annotated[bool, typer.Option("--untested", help="Keep it without trying it out.")] = False,
) -> None:
    """Keep credentials under a name, tried out first."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.validation import validated
    from mixpeek_orchestration.warehouse.syncs.connection_specs import ConnectionSpec

    credentials = (
        {"type": "iam_role", "role_arn": role, "external_id": external_id}
        if role
        else {"type": "access_key", "access_key_id": key_id, "secret_access_key": secret or _asked()}
    )
    config = {"credentials": credentials, "endpoint_url": endpoint, "region": region}
    said = {
        "name": name,
        "provider_type": provider,
        "provider_config": config,
        "test_before_save": not untested,
    }
    with local_warehouse() as warehouse:
        made = warehouse.connections.create(validated(ConnectionSpec, said))
        typer.echo(f"{made.connection_id}: {made.name} reaches {made.endpoint_url or 'AWS'}")


@connection.command("list")
def list_connections() -> None:
    """All connections, and how many syncs read through them."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        found = warehouse.connections.all()
        for one in found:
            users = len(warehouse.connections.users(one))
            place = one.endpoint_url or "AWS"
            typer.echo(f"{one.connection_id}  {one.status.lower():9}  {one.name}: {place}, {users} syncs")
        if not found:
            typer.echo("There are no connections.")


@connection.command("test")
def try_out(which: Which) -> None:
    """Ask the store whether it lets the connection in."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        warehouse.connections.check(warehouse.connections.get(which))
        typer.echo("The store lets the connection in.")


@connection.command()
def remove(which: Which) -> None:
    """Forget a connection and its credentials; refused while a sync reads through it."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        one = warehouse.connections.get(which)
        warehouse.connections.delete(one)
        typer.echo(f"{one.name} is removed.")


def _asked() -> str:
    """The secret key from a person, who does not see it, or from stdin."""
    if sys.stdin.isatty():
        return str(typer.prompt("Secret access key", hide_input=True))
    return sys.stdin.read().strip()
