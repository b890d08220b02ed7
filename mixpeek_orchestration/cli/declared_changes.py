"""What applying declarations changes, told to people and to programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mixpeek_orchestration.cli.declared_source import DeclaredSource
    from mixpeek_orchestration.warehouse.declarations.changes import Change, Order
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

_COLOURS = {
    "create": "green",
    "update": "yellow",
    "migrate": "yellow",
    "take over": "yellow",
    "gone": "magenta",
    "remove": "red",
}


@dataclass(frozen=True)
class Applied:
    """The changes in a namespace, and whether they were made."""

    namespace: str
    content_hash: str
    owner: str
    changes: tuple[Change, ...]
    applied: bool = False

    @classmethod
    def told(cls, warehouse: Warehouse, said: DeclaredSource, order: Order) -> Applied:
        """What would change."""
        from mixpeek_orchestration.warehouse.declarations.canonical import content_hash

        found = warehouse.catalog.resources.namespace(said.manifest.namespace)
        namespace_id = found.namespace_id if found else ""
        warehouse.declarations.check(said.manifest, namespace_id=namespace_id)
        changes = warehouse.declarations.changes(namespace_id, said.manifest, order)
        return cls(said.manifest.namespace, content_hash(said.manifest), order.owner, tuple(changes))

    def done(self, warehouse: Warehouse, said: DeclaredSource, order: Order) -> Applied:
        """The same after it was done and published."""
        namespace_id = warehouse.ensure_namespace(said.manifest.namespace)
        try:
            changes = warehouse.declarations.apply(namespace_id, said.manifest, order)
        finally:  # what was made before a refusal is kept, and shown
            warehouse.publish()
        return replace(self, changes=tuple(changes), applied=True)

    @property
    def count(self) -> int:
        return sum(change.does_something for change in self.changes)

    @property
    def does_something(self) -> bool:
        return self.count > 0

    @property
    def differs(self) -> bool:
        """Whether what exists is not what is declared, also where applying would leave it."""
        return any(change.action != "unchanged" for change in self.changes)

    def as_dict(self) -> dict[str, Any]:
        return {
            "namespace": self.namespace,
            "content_hash": self.content_hash,
            "applied": self.applied,
            "changes": [change.as_dict() for change in self.changes],
        }


def shown(told: Applied, *, as_json: bool = False, before_doing: bool = False) -> None:
    """Print changes, with the fields of each update below it."""
    if as_json:
        typer.echo(json.dumps(told.as_dict(), ensure_ascii=False, indent=2))
        return
    for change in told.changes:
        owner = f"  managed by {change.managed_by}" if change.managed_by not in (None, told.owner) else ""
        typer.secho(f"{change.line}{owner}", fg=_COLOURS.get(change.action))
        for field in change.fields:
            typer.echo(f"    {field.line}")
        if change.held or change.read_by:
            typer.echo(f"    {_kept_by(change)}")
    if not told.does_something and (before_doing or not told.differs):
        typer.echo("nothing changed")


def _kept_by(change: Change) -> str:
    content = "objects" if change.kind == "bucket" else "documents"
    held = [f"holds {change.held} {content}"] if change.held else []
    read = [f"is read by {', '.join(change.read_by)}"] if change.read_by else []
    return " and ".join(held + read)
