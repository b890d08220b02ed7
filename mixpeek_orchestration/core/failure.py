"""Failures: what went wrong with one source item, kept until it is resolved."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mixpeek_orchestration.core.errors import ItemFailure
from mixpeek_orchestration.core.transience import is_transient_error

PERMANENT: Final = "permanent"
TRANSIENT: Final = "transient"
RESOURCE: Final = "resource"
_EXHAUSTED: Final = frozenset({"MemoryError", "OutOfMemoryError", "WorkerDied"})

GROUPS: Final = ("error_class", "step", "extractor", "kind", "batch_id", "generation_id")
"""What failures can be grouped by."""


@dataclass(frozen=True)
class ItemError:
    """One failed row (`row` from 0 within the item; -1 for the whole item) at one step."""

    item: str
    step: str
    error_class: str
    message: str
    traceback: str
    transient: bool
    row: int = -1

    @property
    def kind(self) -> str:
        """Whether trying again may help (`transient`), more memory may (`resource`), or neither (`permanent`)."""
        if self.transient:
            return TRANSIENT
        return RESOURCE if self.error_class in _EXHAUSTED else PERMANENT


@dataclass(frozen=True)
class FailureQuery:
    """Which failures of a collection: those for which everything holds that is said."""

    collection_id: str
    open_only: bool = True
    error_class: str | None = None
    step: str | None = None
    kind: str | None = None
    item: str | None = None
    batch_id: str | None = None
    generation_id: str | None = None

    @property
    def equals(self) -> dict[str, str]:
        """The columns that must have a value, with it."""
        names = ("error_class", "step", "kind", "item", "batch_id", "generation_id")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True)
class FailureGroup:
    """Failures with the same `key`: how many, in how many items, since when and how often an item was tried."""

    key: Mapping[str, str]
    items: int
    failures: int
    attempts: int
    first: str
    last: str


def item_error(item: str, step: str, error: BaseException, *, row: int = -1) -> ItemError:
    """The record of an exception: class, message, and a traceback without local variables."""
    return ItemError(
        item=item,
        step=step,
        error_class=_class_of(error),
        message=str(error)[:2000] or type(error).__name__,
        traceback="".join(traceback.format_exception(error))[-8000:],
        transient=is_transient_error(error),
        row=row,
    )


def _class_of(error: BaseException) -> str:
    """The name of the error's class; of an error that a worker reported, what it was called there."""
    reported = error.context.get("reported") if isinstance(error, ItemFailure) else None
    return re.sub(r"\W+", "_", str(reported or type(error).__name__))[:80]
