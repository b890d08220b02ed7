"""`mixpeek secrets …`: what extractors may ask for, and nobody else sees."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mixpeek_orchestration.cli.errors import ErrorsForPeople

secrets = typer.Typer(
    name="secrets",
    cls=ErrorsForPeople,
    help="Encrypted secrets: keys of providers, and what extractors ask for with container.secrets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="The name, for example OPENAI_API_KEY.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(secrets)


@secrets.command("set")
def set_secret(
    name: Name,
    value: Annotated[
        str | None,
        typer.Argument(
            help="The value; without it, it is asked for or read from stdin, so that no shell keeps it."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a secret, or give it a new value."""
    from mixpeek_orchestration.cli.local import local_warehouse

    given = _asked(name) if value is None or value == "-" else value
    with local_warehouse() as warehouse:
        kept = warehouse.secrets.set(name, given)
    _tell({"secret_name": kept.name, "updated_at": kept.updated_at}, f"{kept.name} is set.", as_json)


@secrets.command("list")
def list_secrets(as_json: AsJson = False) -> None:
    """The names of all secrets; values are never shown."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        names = warehouse.secrets.names()
    _tell({"secrets": names, "count": len(names)}, "\n".join(names) or "There are no secrets.", as_json)


@secrets.command("delete")
def delete_secret(name: Name, as_json: AsJson = False) -> None:
    """Forget a secret."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        warehouse.secrets.delete(name)
    _tell({"secret_name": name, "deleted": True}, f"{name} is deleted.", as_json)


@secrets.command("rotate")
def rotate_keys(as_json: AsJson = False) -> None:
    """Encrypt every secret with the first key of MIXPEEK_SECRET_KEY (or of the key file); the other keys can go then."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        count = warehouse.secrets.rotate()
    _tell({"rotated": count}, f"{count} secrets are encrypted with the first key.", as_json)


def _asked(name: str) -> str:
    """The value from a person, who does not see it, or the whole of stdin without its last line break."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"Value of {name}", hide_input=True))
    return sys.stdin.read().removesuffix("\n")


def _tell(document: dict[str, object], line: str, as_json: bool) -> None:
    if not as_json:
        typer.echo(line)
        return
    import json

    typer.echo(json.dumps(document))
