"""`plugin publish` and `plugin push`: a folder becomes a published version, and is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixpeek_orchestration.cli.plugin.connected import Message, Session, Wait, connected

Folder = Annotated[Path | None, typer.Argument(help="The package's folder; the current one by default.")]
FolderOption = Annotated[Path | None, typer.Option("--path", "-p", "--plugin", help="The package's folder.")]
Version = Annotated[
    str | None, typer.Option("--version", help="Publish as this version; the next patch without it.")
]
Description = Annotated[str | None, typer.Option("--description", "-d", help="Instead of the manifest's.")]


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:
    """Register the commands of this module."""
    plugin.command()(connected(publish))
    plugin.command()(connected(push))
    flat.command()(connected(push))


def publish(
    session: Session,
    folder: Folder = None,
    path: FolderOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and pack, send nothing.")] = False,
    version: Version = None,
    message: Message = "",
    wait: Wait = True,
) -> None:
    """Check a package, upload it, and deploy it: from then on it embeds batches and answers queries."""
    from mixpeek_orchestration.cli.plugin.publishing import Order, deliver

    order = Order(version=version, message=message, dry_run=dry_run, deploy=True, wait=wait)
    deliver(session, folder or path or Path(), order)


def push(
    session: Session,
    folder: Folder = None,
    path: FolderOption = None,
    version: Version = None,
    message: Message = "",
    description: Description = None,
    deploy: Annotated[
        bool, typer.Option("--deploy/--no-deploy", help="Deploy it as `publish` does.")
    ] = False,
) -> None:
    """Check a package and upload it as a new version; `deploy` makes it the active one."""
    from mixpeek_orchestration.cli.plugin.publishing import Order, deliver

    order = Order(version=version, message=message, description=description, deploy=deploy, wait=True)
    deliver(session, folder or path or Path(), order)
