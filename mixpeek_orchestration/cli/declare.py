"""Commands on declarations: `apply`, `diff`, `export`, `validate`, `lint` and `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixpeek_orchestration.cli.declared_source import DEFAULT

Source = Annotated[
    str, typer.Argument(help="mixpeek.yaml, a Python file, or a module by name: what is declared there.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Own what another way of declaring owns so far, from now on.")
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Remove what was declared this way before and is not any more.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    for command in (apply, diff, export, validate, lint, schema):
        app.command()(command)


def apply(
    source: Source = DEFAULT,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, change nothing.")
    ] = False,
    take_over: TakeOver = False,
    prune: Prune = False,
    migrate: Annotated[
        bool,
        typer.Option(
            "--migrate", help="Start a migration where another extractor, version or parameters are declared."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Prune also what holds documents or objects.")] = False,
    as_json: Json = False,
) -> None:
    """Make the resources what a file or module declares; prints what it changes, field by field."""
    from mixpeek_orchestration.cli.declared_changes import Applied, shown
    from mixpeek_orchestration.cli.declared_source import read_source
    from mixpeek_orchestration.cli.declaring import answered_errors
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.warehouse.declarations.changes import Order

    with answered_errors(as_json=as_json):
        said = read_source(source)
        order = Order(said.owner, take_over=take_over, prune=prune, drop_content=yes, migrate=migrate)
        with local_warehouse() as warehouse:
            told = Applied.told(warehouse, said, order)
            if not as_json:
                shown(told, before_doing=not dry_run)
            if not dry_run and told.does_something:
                told = told.done(warehouse, said, order)
        if as_json:
            shown(told, as_json=True)
        elif told.applied:
            typer.echo(f"applied {told.count} changes")


def diff(
    source: Source = DEFAULT,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 when something differs, as git diff does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what differs between what is declared and what exists, field by field; changes nothing."""
    from mixpeek_orchestration.cli.declared_changes import Applied, shown
    from mixpeek_orchestration.cli.declared_source import read_source
    from mixpeek_orchestration.cli.declaring import FAILED, answered_errors
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.warehouse.declarations.changes import Order

    with answered_errors(as_json=as_json):
        said = read_source(source)
        with local_warehouse() as warehouse:
            told = Applied.told(warehouse, said, Order(said.owner))
        shown(told, as_json=as_json)
    if exit_code and told.differs:
        raise typer.Exit(FAILED)


def export(
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Whose resources.")] = "default",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of printing.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what exists as a manifest: applied to an empty home, it makes the same again."""
    from mixpeek_orchestration.cli.declaring import answered_errors, exported
    from mixpeek_orchestration.cli.local import local_warehouse

    with answered_errors(as_json=as_json):
        with local_warehouse() as warehouse:
            text = exported(warehouse, namespace, as_json=as_json)
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_text(text)


def validate(
    source: Annotated[
        str, typer.Argument(help="mixpeek.yaml, a Python file or module; or an extractor package's folder.")
    ] = "",
    plugin: Annotated[
        Path | None, typer.Option("--plugin", "--path", "-p", help="An extractor package's folder.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Of a package: show what its tests print.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check declarations, or an extractor package, without a server: all that applying would refuse."""
    from mixpeek_orchestration.cli.declaring import finish, package_in, problems_with
    from mixpeek_orchestration.cli.plugin.test import flat_validate

    if plugin is not None or package_in(source):
        flat_validate(Path(source) if source else None, plugin, verbose, as_json)
        return
    finish(problems_with(source or DEFAULT, as_json=as_json), as_json=as_json)


def lint(
    source: Source = DEFAULT,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    as_json: Json = False,
) -> None:
    """Check declarations, and tell what is allowed but looks like a mistake."""
    from mixpeek_orchestration.cli.declaring import finish, problems_with

    finish(problems_with(source, as_json=as_json, lint=True), as_json=as_json, strict=strict)


def schema() -> None:
    """Print the JSON schema of mixpeek.yaml, for editors."""
    import json

    from mixpeek_orchestration.warehouse.declarations.schema import schema as manifest_schema

    typer.echo(json.dumps(manifest_schema(), indent=2, sort_keys=True))
