"""How two plain descriptions of one thing differ, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

ABSENT: Final = object()


@dataclass(frozen=True)
class FieldChange:
    """One field that differs, by its dotted path. `before` and `after` are `None` where there is nothing."""

    path: str
    change: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None

    @property
    def line(self) -> str:
        """The change as people read it."""
        match self.change:
            case "added":
                return f"{self.path}: {_shown(self.after)} (added)"
            case "removed":
                return f"{self.path}: {_shown(self.before)} (removed)"
            case _:
                return f"{self.path}: {_shown(self.before)} → {_shown(self.after)}"

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON shows it."""
        return {"field": self.path, "change": self.change, "before": self.before, "after": self.after}


def differences(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """Every leaf in which two values of plain data differ. Mappings are entered, lists only when equally long."""
    if before is ABSENT:
        yield FieldChange(path, "added", after=after)
    elif after is ABSENT:
        yield FieldChange(path, "removed", before=before)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from differences(
                before.get(name, ABSENT), after.get(name, ABSENT), f"{path}.{name}".lstrip(".")
            )
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}.{index}")
    elif before != after or type(before) is not type(after):
        yield FieldChange(path, "changed", before, after)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
