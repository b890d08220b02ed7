"""`plugin log`, `rollback` and `pull`: the versions of an extractor, as with git."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mixpeek_orchestration.cli.plugin.connected import (
    FAILED,
    ExtractorName,
    Message,
    Name,
    Session,
    Wait,
    connected,
)
from mixpeek_orchestration.core.errors import InvalidInput


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:  # noqa: ARG001 - nothing of it is known at the top level
    """Register the commands of this module."""
    for command in (log, rollback, pull):
        plugin.command()(connected(command))


def log(session: Session, name: ExtractorName) -> None:
    """Show the versions of an extractor, newest first, with when they were deployed and what they say."""
    versions = session.server.versions(name)
    session.answer(
        {"name": name, "versions": versions}, [line for one in versions for line in _log_lines(one)]
    )


def rollback(
    session: Session,
    name: ExtractorName,
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="The one before the active one by default.")
    ] = None,
    message: Message = "",
    wait: Wait = True,
) -> None:
    """Make an earlier version the active one again; the present one serves until it answers."""
    from mixpeek_orchestration.cli.plugin.rollout import settled
    from mixpeek_orchestration.cli.plugin.shown import state_lines

    state = session.server.rollback(name, version, message)
    if wait and state["status"] not in ("deployed", "failed", "not_deployed"):
        state = settled(session, state["plugin_id"])
    session.answer(state, state_lines(state))
    if state["status"] == "failed":
        raise typer.Exit(FAILED)


def pull(
    session: Session,
    name: Name,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Where to; a folder named like it by default.")
    ] = None,
) -> None:
    """Download the source of a version (the active one by default) into a folder that is empty or not there."""
    from mixpeek_orchestration.core.source_files import files_in

    found, archive = session.server.archive(name)
    target = folder or Path(found["name"])
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput(
            f"{target} is not empty.", field="FOLDER", value=str(target), fix="Name another folder."
        )
    files = files_in(archive)
    for path, content in files.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    session.answer(
        {"plugin_id": found["plugin_id"], "folder": str(target), "files": sorted(files)},
        [f"{found['plugin_id']}: {len(files)} files in {target}"],
    )


def _log_lines(version: dict[str, Any]) -> list[str]:
    mark = " (active)" if version.get("active") else ""
    head = typer.style(f"{version['plugin_id']}{mark}", fg="yellow")
    times = [
        ("published", version.get("created_at")),
        ("deployed", version.get("deployed_at") or version.get("activated_at")),
    ]
    lines = [head, *(f"  {what} {when}" for what, when in times if when)]
    return [*lines, *([f"  {version['message']}"] if version.get("message") else [])]
