"""Commands on declarations: `apply` and `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(apply)
    app.command()(schema)


def apply(
    file: Annotated[Path, typer.Argument(help="The file with the declarations.")] = Path("mixpeek.yaml"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, change nothing.")
    ] = False,
) -> None:
    """Make the resources what a file says; prints what it will change first."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.warehouse.manifest import read_manifest

    manifest = read_manifest(file)
    with local_warehouse() as warehouse:
        found = warehouse.catalog.resources.namespace(manifest.namespace)
        namespace_id = found.namespace_id if found else ""
        changes = warehouse.declarations.changes(namespace_id, manifest)
        for change in changes:
            typer.echo(change.line)
        if dry_run or not any(change.does_something for change in changes):
            typer.echo("nothing changed")
            return
        warehouse.declarations.apply(warehouse.ensure_namespace(manifest.namespace), manifest)
        warehouse.publish()
        typer.echo(f"applied {sum(change.does_something for change in changes)} changes")


def schema() -> None:
    """Print the JSON schema of mixpeek.yaml, for editors."""
    import json

    from mixpeek_orchestration.warehouse.manifest_schema import schema as manifest_schema

    typer.echo(json.dumps(manifest_schema(), indent=2, sort_keys=True))
