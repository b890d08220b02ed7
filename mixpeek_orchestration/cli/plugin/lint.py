"""`mixpeek plugin lint`: what is wrong with a package, without running it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mixpeek_orchestration.core.finding import Finding

_USAGE = 2
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:
    """Registers the command on the group; the documentation knows no flat one."""
    del flat
    plugin.command("lint")(lint)


def lint(
    folder: Annotated[
        Path | None, typer.Argument(help="The package's folder; the current one if not given.")
    ] = None,
    path: Annotated[Path | None, typer.Option("--path", "-p", help="The package's folder.")] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Only these rules, families or categories.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Not these rules, families or categories.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and exit.")] = False,
) -> None:
    """Check a package's source for mistakes and forbidden code. Nothing of it is run."""
    from mixpeek_orchestration.core.errors import InvalidInput
    from mixpeek_orchestration.core.finding import has_errors
    from mixpeek_orchestration.extractors.lint import lint as lint_folder
    from mixpeek_orchestration.extractors.lint.selection import chosen_rules

    if rules:
        _print_rules(as_json)
        return
    if folder is not None and path is not None and folder.resolve() != path.resolve():
        raise typer.BadParameter(f"The package is given twice: {folder} and {path}.")
    wanted = folder or path or Path()
    if not wanted.is_dir():
        typer.secho(f"{wanted} is not a folder. Give the folder that holds manifest.py.", err=True, fg="red")
        raise typer.Exit(_USAGE)
    try:
        chosen = chosen_rules(select or (), ignore or ())
    except InvalidInput as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(_USAGE) from error
    findings = [one for one in lint_folder(wanted) if one.rule in chosen]
    failed = bool(findings) if strict else has_errors(findings)
    if as_json:
        _print_json(findings, passed=not failed)
    else:
        _print_text(wanted, findings)
    raise typer.Exit(int(failed))


def _print_text(folder: Path, findings: Sequence[Finding]) -> None:
    from mixpeek_orchestration.extractors.lint.security import DISCLAIMER

    for one in findings:
        place = f"{folder / one.file}:{one.line}" if one.line else str(folder / one.file)
        severity = typer.style(one.severity.value, fg=_COLOURS[one.severity], bold=True)
        typer.echo(f"{place}: {severity} {one.rule} {one.message}")
        if one.fix:
            typer.echo(f"    {one.fix}")
    typer.echo(_summary(findings))
    typer.echo(DISCLAIMER)


def _summary(findings: Sequence[Finding]) -> str:
    if not findings:
        return "No findings."
    errors = sum(one.severity == "error" for one in findings)
    notes = sum(one.severity == "note" for one in findings)
    counts = [(errors, "error"), (len(findings) - errors - notes, "warning"), (notes, "note")]
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count) + "."


def _print_json(findings: Sequence[Finding], *, passed: bool) -> None:
    from mixpeek_orchestration.extractors.lint.security import DISCLAIMER

    document = {"passed": passed, "findings": [one.as_dict() for one in findings], "note": DISCLAIMER}
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _print_rules(as_json: bool) -> None:
    from mixpeek_orchestration.extractors.lint import RULES
    from mixpeek_orchestration.extractors.lint.documentation import as_dicts

    if as_json:
        typer.echo(json.dumps(as_dicts(), ensure_ascii=False, indent=2))
        return
    for rule in RULES.values():
        severity = typer.style(f"{rule.severity.value:8}", fg=_COLOURS[rule.severity])
        typer.echo(f"{rule.id}  {rule.category.value:12} {severity} {rule.title}")
