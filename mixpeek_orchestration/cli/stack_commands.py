"""`mixpeek up | down | status | logs`: the local stack of one home."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mixpeek_orchestration.cli.stack.status import ServiceStatus
    from mixpeek_orchestration.settings import Settings


Port = Annotated[int | None, typer.Option(min=1, max=65535, show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    for command in (up, down, status, logs):
        app.command()(command)


def up(
    api_port: Port = None,
    webserver_port: Port = None,
    code_server_port: Port = None,
    ray_port: Port = None,
    ray_agent_port: Port = None,
    serve_port: Port = None,
) -> None:
    """Start the stack, or what is missing of it, and wait until it is healthy."""
    from mixpeek_orchestration.cli.stack import lifecycle

    options = {
        "api_port": api_port,
        "webserver_port": webserver_port,
        "code_server_port": code_server_port,
        "ray_port": ray_port,
        "ray_agent_port": ray_agent_port,
        "serve_port": serve_port,
    }
    settings = _settings(options)
    outcome = lifecycle.up(settings, say=typer.echo, healthy=_tell_healthy)
    typer.echo(
        f"The stack is up: {outcome.did}." if outcome.did else "The stack was up; nothing was changed."
    )
    _print_addresses(settings)


def down() -> None:
    """End every process of the stack. State stays."""
    from mixpeek_orchestration.cli.stack import lifecycle

    ended = lifecycle.down(_settings())
    typer.echo(f"The stack is down; {ended} processes ended." if ended else "The stack was down already.")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show every service; the exit code is 1 when one of them is not healthy."""
    from mixpeek_orchestration.cli.stack import lifecycle
    from mixpeek_orchestration.cli.stack.status import all_healthy, summary

    statuses = lifecycle.status(_settings())
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in statuses], indent=2))
    else:
        _print_table(statuses)
        typer.echo(summary(statuses))
    if not all_healthy(statuses):
        raise typer.Exit(1)


def logs(
    service: Annotated[str | None, typer.Argument(help="One service; all of them by default.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what is written.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines to begin with.")] = 50,
) -> None:
    """Print what the services wrote."""
    from mixpeek_orchestration.cli.stack.logs import tail_command
    from mixpeek_orchestration.cli.stack.services import plan_stack

    command = tail_command(plan_stack(_settings()), service, lines=lines, follow=follow)
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def _settings(options: dict[str, int | None] | None = None) -> Settings:
    from mixpeek_orchestration.cli.stack.record import settings_of_stack
    from mixpeek_orchestration.settings import Settings

    return settings_of_stack(Settings(), options)


def _tell_healthy(one: ServiceStatus) -> None:
    typer.echo(f"  {one.name:<12} healthy  {one.address}")


def _print_addresses(settings: Settings) -> None:
    from mixpeek_orchestration.cli.stack.services import plan_stack

    stack = plan_stack(settings)
    typer.echo(f"Dagster UI   {stack.service('webserver').address}")
    typer.echo(f"API          {stack.service('api').address}")
    typer.echo(f"Key          {settings.credentials}")
    typer.echo("Stop it with `mixpeek down`.")


def _print_table(statuses: list[ServiceStatus]) -> None:
    rows = [("SERVICE", "STATE", "PID", "UP FOR", "ADDRESS", "HEALTH"), *map(_row, statuses)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(one: ServiceStatus) -> tuple[str, ...]:
    from datetime import timedelta

    up_for = str(timedelta(seconds=one.uptime_s)) if one.pid else ""
    health = "healthy" if one.healthy else one.trouble or "unhealthy"
    return (one.name, one.state, str(one.pid or ""), up_for, one.address, health)
