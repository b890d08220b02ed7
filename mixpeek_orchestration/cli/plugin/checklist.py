"""A list of checks as it grows: a mark and a line for each, what is wrong below it; or one JSON document at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

import typer

from mixpeek_orchestration.core.finding import Severity

if TYPE_CHECKING:
    from mixpeek_orchestration.cli.plugin.package_checks import Listener
    from mixpeek_orchestration.core.finding import Finding
    from mixpeek_orchestration.extractors.testing.report import Check, Report

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: None}


@contextmanager
def listening(*, as_json: bool, verbose: bool) -> Iterator[Listener]:
    """A listener that prints what is found; what is being looked at spins on stderr, in a terminal only. Where JSON is
    wanted, what the package prints goes to stderr."""
    from mixpeek_orchestration.cli.plugin.package_checks import Listener

    if as_json:
        with redirect_stdout(sys.stderr):
            yield Listener()
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield Listener(
            begins=lambda name: status.update(f"{name} …"), found=lambda check: _print(check, verbose)
        )


def finish(report: Report, *, as_json: bool) -> None:
    """Prints the verdict and ends the command: 0 when every check holds, else 1."""
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        for name, numbers in report.resources.items():
            shown = ", ".join(f"{key} {value}" for key, value in numbers.items())
            typer.secho(f"  {name}: {shown}", dim=True)
        wrong = [check.name for check in report.checks if not check.ok]
        told = (
            f"{len(wrong)} of {len(report.checks)} checks fail: {', '.join(wrong)}"
            if wrong
            else "all checks hold"
        )
        typer.secho(told, fg="red" if wrong else "green", bold=True)
    raise typer.Exit(0 if report.ok else 1)


def _print(check: Check, verbose: bool) -> None:
    mark = typer.style("✓", fg="green") if check.ok else typer.style("✗", fg="red")
    typer.echo(f"{mark} {check.name}: {check.message}")
    for finding in check.findings:
        _print_finding(finding)
    if check.output and (verbose or not check.ok):
        typer.echo(_indented(check.output if verbose else _end(check.output)))


def _print_finding(finding: Finding) -> None:
    typer.secho(f"    {finding.line_of_text}", fg=_COLOURS[finding.severity])


def _end(output: str, lines: int = 30) -> str:
    return "\n".join(output.rstrip().splitlines()[-lines:])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())
