"""`mixpeek plugin test` and `validate`, and the older `mixpeek test` and `validate`: no key, server or network needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Folder = Annotated[Path | None, typer.Argument(help="The package; the current folder without it.")]
PathOption = Annotated[Path | None, typer.Option("--path", "-p", help="The package, as an option.")]
PluginOption = Annotated[Path | None, typer.Option("--plugin", "--path", "-p", help="The package.")]
SampleData = Annotated[
    Path | None,
    typer.Option(
        "--sample-data", "-s", exists=True, dir_okay=False, help="Objects to test with, as JSON or CSV."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what the package's tests print.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Timeout = Annotated[
    float, typer.Option("--timeout", min=1, help="The most seconds that the steps may take for the sample.")
]
Conformance = Annotated[
    bool, typer.Option("--conformance", help="Also test determinism, batch sizes, order, bad rows and more.")
]


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:
    """Register the commands of this module."""
    plugin.command("test")(check_package)
    plugin.command("validate")(validate)
    flat.command("test")(check_flat)


def check_package(
    folder: Folder = None,
    path: PathOption = None,
    sample_data: SampleData = None,
    verbose: Verbose = False,
    conformance: Conformance = False,
    timeout: Timeout = 600.0,
    as_json: Json = False,
) -> None:
    """Check a package, run its tests, and run it on sample data through Ray Data."""
    wanted = {"sample": sample_data, "conformance": conformance, "run_s": timeout}
    _test(_chosen(folder, path), wanted, verbose, as_json)


def validate(
    folder: Folder = None, path: PathOption = None, verbose: Verbose = False, as_json: Json = False
) -> None:
    """Check a package without running its steps or its tests."""
    from mixpeek_orchestration.cli.plugin.checklist import finish, listening
    from mixpeek_orchestration.cli.plugin.package_checks import static_checks

    with listening(as_json=as_json, verbose=verbose) as listener:
        report = static_checks(_chosen(folder, path), listener)
    finish(report, as_json=as_json)


def check_flat(
    folder: Folder = None,
    plugin: PluginOption = None,
    sample_data: SampleData = None,
    verbose: Verbose = False,
    conformance: Conformance = False,
    as_json: Json = False,
    mock: Annotated[bool, typer.Option("--mock", help="Run in this process instead of on Ray.")] = False,
    given: Annotated[str | None, typer.Option("--input", help="Objects to test with, as JSON text.")] = None,
    local_stack: Annotated[bool, typer.Option("--local-stack", help="Always so: a test is local.")] = False,
    environment: Annotated[str | None, typer.Option(help="Not used: a test runs here.")] = None,
    namespace_id: Annotated[str | None, typer.Option(help="Not used: a test is offline.")] = None,
    api_key: Annotated[str | None, typer.Option(help="Not used: a test is offline.")] = None,
    api_url: Annotated[str | None, typer.Option(help="Not used: a test is offline.")] = None,
) -> None:
    """Check a package, run its tests, and run it on sample data through Ray Data."""
    unused = {
        "--local-stack": local_stack,
        "--environment": environment,
        "--namespace-id": namespace_id,
        "--api-key": api_key,
        "--api-url": api_url,
    }
    for name in [name for name, value in unused.items() if value]:
        typer.secho(f"{name} changes nothing: a test runs on this machine, offline.", err=True, fg="yellow")
    wanted = {"sample": sample_data, "rows": _rows(given), "conformance": conformance, "in_process": mock}
    _test(_chosen(folder, plugin), wanted, verbose, as_json)


def flat_validate(
    folder: Folder = None, plugin: PluginOption = None, verbose: Verbose = False, as_json: Json = False
) -> None:
    """Check a package without running its steps or its tests."""
    validate(folder, plugin, verbose, as_json)


def _test(folder: Path, wanted: dict[str, Any], verbose: bool, as_json: bool) -> None:
    from mixpeek_orchestration.cli.plugin.checklist import finish, listening
    from mixpeek_orchestration.cli.plugin.package_checks import Wanted, all_checks

    with listening(as_json=as_json, verbose=verbose) as listener:
        report = all_checks(folder, Wanted(**wanted), listener)
    finish(report, as_json=as_json)


def _chosen(folder: Path | None, path: Path | None) -> Path:
    """The folder of the package, given as an argument or as an option."""
    if folder is not None and path is not None and folder.resolve() != path.resolve():
        raise typer.BadParameter(f"The package is given twice: {folder} and {path}.")
    chosen = folder or path or Path(".")
    if not chosen.is_dir():
        raise typer.BadParameter(f"There is no folder {chosen}.")
    return chosen.resolve()


def _rows(given: str | None) -> tuple[dict[str, Any], ...]:
    if given is None:
        return ()
    try:
        read = json.loads(given)
    except ValueError as error:
        raise typer.BadParameter(f"--input is not JSON: {error}") from error
    rows = read if isinstance(read, list) else [read]
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise typer.BadParameter('--input is not an object: write {"text": "…"} or a list of those.')
    return tuple(rows)
