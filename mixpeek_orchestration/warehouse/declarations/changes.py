"""What applying declarations does to each resource, as values: told before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.difference import FieldChange
from mixpeek_orchestration.core.errors import Conflict, ManagedElsewhere

Kind = Literal["bucket", "collection", "retriever"]
Action = Literal["create", "update", "migrate", "migrating", "take over", "unchanged", "gone", "remove"]
_SIGNS: Final[Mapping[Action, str]] = {
    "create": "+",
    "update": "~",
    "migrate": "~",
    "migrating": "=",
    "take over": "~",
    "unchanged": "=",
    "gone": "!",
    "remove": "-",
}
_SAID: Final[Mapping[Action, str]] = {
    "gone": "not declared any more; --prune removes it",
    "migrate": "needs a migration; --migrate starts it",
    "migrating": "being migrated to what is declared; see mixpeek migrate status",
}
NOTHING: Final = frozenset({"unchanged", "migrating", "gone"})
"""The actions that change nothing."""


@dataclass(frozen=True)
class Order:
    """How declarations are applied: by whom, and how far that may go.

    `take_over` moves what another way of declaring owns to `owner`; `prune` removes what `owner` declared before and
    does not any more; `drop_content` lets that cost documents and objects. `migrate` starts a migration where another
    extractor, version or parameters are declared.
    """

    owner: ManagedBy = "yaml"
    take_over: bool = False
    prune: bool = False
    drop_content: bool = False
    migrate: bool = False


BY_FILE: Final = Order()
"""What `mixpeek.yaml` may do when nothing more is asked for."""


@dataclass(frozen=True)
class Change:
    """One resource and what applying does to it.

    `fields` are what an update changes; `managed_by` is who owns the resource so far; of a resource that is gone from
    the declarations, `held` counts its documents or objects and `read_by` names what would still read it.
    """

    kind: Kind
    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    managed_by: ManagedBy | None = None
    held: int = 0
    read_by: tuple[str, ...] = ()

    @property
    def does_something(self) -> bool:
        return self.action not in NOTHING

    @property
    def line(self) -> str:
        """The change as people read it."""
        said = _SAID.get(self.action, self.action)
        return f"{_SIGNS[self.action]} {self.kind} {self.name} ({said})"

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON shows it."""
        shown: dict[str, Any] = {"kind": self.kind, "name": self.name, "action": self.action}
        if self.managed_by:
            shown["managed_by"] = self.managed_by
        if self.fields:
            shown["fields"] = [field.as_dict() for field in self.fields]
        if self.action in ("gone", "remove"):
            shown |= {"held": self.held, "read_by": list(self.read_by)}
        return shown


def check_allowed(changes: Iterable[Change], order: Order) -> None:
    """Raises `ManagedElsewhere` or `Conflict` about the first change that the order does not allow."""
    for change in changes:
        if change.action in ("update", "migrate"):
            _check_owner(change, order)
        if change.action == "migrate" and not order.migrate:
            raise needs_migration(change.name)
        if change.action == "remove":
            _check_removal(change, order)


def needs_migration(name: str) -> Conflict:
    """The error for another extractor, version or parameters in place of those that filled a collection."""
    return Conflict(
        f"The collection {name!r} is filled by another extractor version or other parameters than are declared; that "
        "needs a migration.",
        field="feature_extractor",
        value=name,
        fix="`mixpeek apply --migrate` fills a new generation beside the one that answers; then `mixpeek migrate "
        f"compare {name}` and `mixpeek migrate switch {name}`.",
    )


def _check_owner(change: Change, order: Order) -> None:
    if change.managed_by not in (None, order.owner) and not order.take_over:
        raise ManagedElsewhere(
            f"The {change.kind} {change.name!r} is managed by {change.managed_by}, not by {order.owner}.",
            field="managed_by",
            value=change.managed_by,
            fix=f"Change it where it is declared ({change.managed_by}), or take it over with --take-over.",
        )


def _check_removal(change: Change, order: Order) -> None:
    if change.read_by:
        raise Conflict(
            f"The {change.kind} {change.name!r} is still read by {', '.join(change.read_by)}.",
            value=list(change.read_by),
            fix="Declare it again, or remove what reads it first.",
        )
    if change.held and not order.drop_content:
        content = "objects" if change.kind == "bucket" else "documents"
        raise Conflict(
            f"The {change.kind} {change.name!r} still holds {change.held} {content}.",
            value=change.held,
            fix=f"Declare it again, or remove it with its {content} by --prune --yes.",
        )


def summary(changes: Sequence[Change]) -> dict[str, int]:
    """How many changes of each action there are."""
    return {action: sum(c.action == action for c in changes) for action in _SIGNS}
