"""How an error reaches a person at the command line: what was wrong, what to do, and an exit code."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from mixpeek_orchestration.core.errors import MixpeekError

EXIT_CODE = 1


class ErrorsForPeople(TyperGroup):
    """A command group whose expected errors end in one message instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except MixpeekError as error:
            typer.secho(told(error), err=True, fg="red")
            raise SystemExit(EXIT_CODE) from error


def told(error: MixpeekError, *, code: str | None = None) -> str:
    """The error with its field, the value seen and what to do, a line each; `code` instead of its own."""
    lines = [f"Error ({code or error.code}): {error.message}"]
    details = error.details()
    lines += [f"  {name}: {details[name]}" for name in ("field", "value", "fix") if name in details]
    return "\n".join(lines)
