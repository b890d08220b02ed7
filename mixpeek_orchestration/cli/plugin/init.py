"""`mixpeek plugin init`: a new package that works as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixpeek_orchestration.extractors.templates.scaffold import DESCRIPTION, NewPackage, write_package

Name = Annotated[str, typer.Argument(help="Its name: letters, digits, underscores and hyphens.")]
Description = Annotated[str, typer.Option("--description", "-d", help="What it is for, in a sentence.")]
Author = Annotated[
    str | None,
    typer.Option("--author", "-a", help="Who wrote it; git's user.name by default.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

_OLDER = {"basic_text": "text"}


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:
    """Register the command on the group, and in its older form at the top level."""
    plugin.command(name="init")(init)
    flat.command(name="init")(init_flat)


def init(
    name: Name,
    description: Description = DESCRIPTION,
    category: Annotated[
        str, typer.Option("--category", "-c", help="text, image, video, audio, document or multimodal.")
    ] = "text",
    author: Author = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to put the package into.", show_default=False)
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Write a new extractor package for one kind of content."""
    author = _git_user() if author is None else author
    written = write_package(NewPackage(name, category, description, author), output)
    if as_json:
        import json

        typer.echo(json.dumps({"path": str(output / name), "files": [str(file) for file in written]}))
        return
    for file in written:
        typer.echo(f"  {file}")
    typer.echo(f"\nNext:\n  mixpeek plugin lint {output / name}\n  mixpeek plugin test {output / name}")


def init_flat(
    name: Name,
    template: Annotated[
        str,
        typer.Option(
            "--template", "-c", "--category", help="The kind of package: a category, or basic_text."
        ),
    ] = "basic_text",
    description: Description = DESCRIPTION,
    author: Author = None,
    output_dir: Annotated[
        Path,
        typer.Option("--output-dir", "-o", help="The folder to put the package into.", show_default=False),
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Write a new extractor package (as `mixpeek plugin init`)."""
    init(name, description, _OLDER.get(template, template), author, output_dir, as_json)


def _git_user() -> str:
    import subprocess

    try:
        told = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, timeout=5, check=False
        )
    except OSError:
        return ""  # git is not installed, and nobody has to have it
    return told.stdout.strip()
