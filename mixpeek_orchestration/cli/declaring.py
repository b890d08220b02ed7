"""What the commands on declarations share: how errors and findings are answered, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mixpeek_orchestration.cli.declared_source import DEFAULT, SourceMissing, problems_in, read_source
from mixpeek_orchestration.cli.errors import told
from mixpeek_orchestration.cli.plugin.connected import FAILED, REFUSED, USAGE, error_document
from mixpeek_orchestration.core.errors import Conflict, MixpeekError, NotReady

if TYPE_CHECKING:
    from mixpeek_orchestration.core.finding import Finding
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@contextmanager
def answered_errors(*, as_json: bool) -> Iterator[None]:
    """End the command with the error's message and exit code."""
    try:
        yield
    except MixpeekError as error:
        if as_json:
            typer.echo(json.dumps(error_document(error), ensure_ascii=False, indent=2))
        else:
            typer.secho(told(error), err=True, fg="red")
        raise typer.Exit(exit_code(error)) from error


def exit_code(error: MixpeekError) -> int:
    """1 for declarations that are wrong, 2 when there are none, 3 when what exists refuses them or is away."""
    if isinstance(error, SourceMissing):
        return USAGE
    return REFUSED if isinstance(error, Conflict | NotReady) else FAILED


def package_in(source: str) -> bool:
    """Whether an extractor package is meant: a folder, or the current one where nothing is declared."""
    return Path(source).is_dir() if source else not Path(DEFAULT).exists()


def exported(warehouse: Warehouse, namespace: str, *, as_json: bool) -> str:
    """What a namespace holds, as the text of a manifest."""
    from mixpeek_orchestration.warehouse.declarations.canonical import content_hash
    from mixpeek_orchestration.warehouse.declarations.exports import exported_data, exported_text

    manifest = warehouse.declarations.export(warehouse.namespace_id(namespace), namespace)
    if as_json:
        return json.dumps(exported_data(manifest), ensure_ascii=False, indent=2) + "\n"
    return f"# content hash: {content_hash(manifest)}\n{exported_text(manifest)}"


def problems_with(source: str, *, as_json: bool, lint: bool = False) -> list[Finding]:
    """Everything that applying a source would refuse; with `lint`, also what only looks wrong."""
    from mixpeek_orchestration.bootstrap import open_scratch
    from mixpeek_orchestration.cli.stack.record import settings_of_stack
    from mixpeek_orchestration.settings import Settings
    from mixpeek_orchestration.warehouse.declarations.changes import Order
    from mixpeek_orchestration.warehouse.declarations.lint import linted
    from mixpeek_orchestration.warehouse.declarations.rehearsal import rehearsed

    with answered_errors(as_json=as_json):
        problems = problems_in(source)
        if problems:
            return problems
        said = read_source(source)
        scratch = open_scratch(settings_of_stack(Settings()))
        try:
            namespace_id = scratch.ensure_namespace(said.manifest.namespace)
            found = rehearsed(
                scratch.declarations, namespace_id, said.manifest, Order(said.owner), said.places
            )
            if lint:
                own = {version.name for version in scratch.plugins.all(namespace_id)}
                found += linted(said.manifest, said.places, own_extractors=own)
        finally:
            scratch.close()
        return found


def finish(findings: Sequence[Finding], *, as_json: bool, strict: bool = False) -> None:
    """Print findings and end the command: with 1 when one of them is an error (when there is any, if `strict`)."""
    from mixpeek_orchestration.core.finding import Severity, has_errors

    counted = [one for one in findings if one.severity is not Severity.NOTE]
    failed = bool(counted) if strict else has_errors(findings)
    if as_json:
        document = {"passed": not failed, "findings": [one.as_dict() for one in findings]}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for one in findings:
            place = f"{one.file}:{one.line}" if one.line else one.file
            severity = typer.style(one.severity.value, fg=_COLOURS[one.severity], bold=True)
            typer.echo(f"{place}: {severity} {one.rule} {one.message}")
            if one.fix:
                typer.echo(f"    {one.fix}")
        typer.echo(f"{len(findings)} findings." if findings else "No findings.")
    raise typer.Exit(FAILED if failed else 0)
