"""`plugin deploy`, `undeploy` and `status`: whether a version serves."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpeek_orchestration.cli.plugin.connected import FAILED, Name, Session, Wait, connected
from mixpeek_orchestration.cli.plugin.shown import state_lines


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:  # noqa: ARG001 - `mixpeek status` is the stack's
    """Register the commands of this module."""
    for command in (deploy, undeploy, status):
        plugin.command()(connected(command))


def deploy(
    session: Session,
    name: Name,
    batch_only: Annotated[bool, typer.Option("--batch-only", help="No endpoint for queries.")] = False,
    wait: Wait = True,
) -> None:
    """Make a version the active one and bring its endpoint up; the one before serves until it answers."""
    from mixpeek_orchestration.cli.plugin.rollout import brought_up

    state = brought_up(session, name, batch_only=batch_only, wait=wait)
    session.answer(state, state_lines(state))
    if state["status"] == "failed":
        raise typer.Exit(FAILED)


def undeploy(session: Session, name: Name) -> None:
    """Take a version out of service; it stays published."""
    state = session.server.undeploy(name)
    session.answer(state, state_lines(state))


def status(session: Session, name: Name) -> None:
    """Show which version is active and how far its deployment is."""
    state = session.server.status(name)
    session.answer(state, state_lines(state))
