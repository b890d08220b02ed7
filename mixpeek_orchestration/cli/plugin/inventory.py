"""`plugin list` and `plugin delete`: what there is, and removing it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from mixpeek_orchestration.cli.plugin.connected import Name, Session, connected
from mixpeek_orchestration.cli.plugin.shown import table

Source = Annotated[
    Literal["all", "builtin", "custom", "community"], typer.Option("--source", "-s", help="Where from.")
]


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:  # noqa: ARG001 - nothing of it is known at the top level
    """Register the commands of this module."""
    plugin.command("list")(connected(list_extractors))
    plugin.command()(connected(delete))


def list_extractors(session: Session, source: Source = "all") -> None:
    """List the extractors that the namespace can use."""
    found = session.server.extractors(source)
    lines = table(("NAME", "VERSION", "SOURCE", "DEPLOYED", "DESCRIPTION"), [_row(one) for one in found])
    session.answer({"extractors": found, "total": len(found)}, lines)


def delete(session: Session, name: Name) -> None:
    """Delete a published version; refused while a collection uses it."""
    answer = session.server.delete(name)
    session.answer(answer, [str(answer["message"])])


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    deployed = "yes" if found.get("deployed") or found.get("realtime_available") else "no"
    summary = " ".join(str(found.get("description") or "").split())
    return (
        found["feature_extractor_name"],
        found["version"],
        found["source"],
        deployed,
        summary[:60],
    )
