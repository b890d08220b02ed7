"""The page of commands, written from the commands themselves: `python -m mixpeek_orchestration.cli.command_reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer

from mixpeek_orchestration.cli.main import app

_HEAD = """# Commands

What each command does. `--help` behind any of them tells its arguments and options.

| command | what it does |
|---|---|
"""
_WHOLE = 1_000  # a help text is shown whole, however long it is


def page() -> str:
    """The text of `docs/reference/commands.md`."""
    told = (_line(name, command) for name, command in _commands("mixpeek", typer.main.get_command(app)))
    return _HEAD + "".join(told)


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that people may see, groups before what is in them."""
    for word, one in command.commands.items():
        if one.hidden:
            continue
        yield f"{name} {word}", one
        if hasattr(one, "commands"):
            yield from _commands(f"{name} {word}", one)


def _line(name: str, command: Any) -> str:
    told = command.get_short_help_str(_WHOLE).replace("|", "\\|")
    return (
        f"| **`{name} …`** | **{told}** |\n" if hasattr(command, "commands") else f"| `{name}` | {told} |\n"
    )


if __name__ == "__main__":
    sys.stdout.write(page())
