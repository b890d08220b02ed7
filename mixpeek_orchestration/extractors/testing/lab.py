"""The runs of a package that properties share, made when the first one asks; and the port to where they run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.extractors.testing.comparison import Place, Rows, differences
from mixpeek_orchestration.extractors.testing.samples import SampleItem

WHOLE_BATCH: Final = 64
"""More than there are objects: all of them are one batch."""


@dataclass(frozen=True)
class Outcome:
    """What a run made of its items: rows by item, errors by item, and which contract columns a step wrote over."""

    rows: Mapping[str, Rows]
    errors: Mapping[str, tuple[ItemError, ...]] = field(default_factory=dict)
    edited: frozenset[str] = frozenset()
    wall_s: float = 0.0
    peak_rss_bytes: int = 0


class Live(Protocol):
    """A pipeline whose processors have been created and stay alive between runs."""

    def run(self, items: Sequence[SampleItem], *, without_data: Iterable[str] = ()) -> Outcome:
        """What comes out of the items; `data` is null for those in `without_data`."""


class Bench(Protocol):
    """Where the properties run a package."""

    @property
    def description(self) -> ExtractorDescription: ...

    def open(self, *, batch_size: int = WHOLE_BATCH) -> Live:
        """A pipeline with new processors."""

    def answer(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What the package's `realtime.py` answers."""


@dataclass
class Lab:
    """The runs that properties share, made when the first one asks."""

    bench: Bench
    items: tuple[SampleItem, ...]

    @cached_property
    def first(self) -> Outcome:
        """All items, in one batch where the batch size allows."""
        return self.bench.open().run(self.items)

    @cached_property
    def again(self) -> tuple[Live, Outcome]:
        """The same items through new processors, which are still there."""
        live = self.bench.open()
        return live, live.run(self.items)

    @cached_property
    def unstable(self) -> dict[Place, str]:
        """Where two equal runs differ."""
        return differences(self.first.rows, self.again[1].rows)

    def compared(self, outcome: Outcome, *, base: Outcome | None = None) -> list[str]:
        """What this run gave other than the first one did, as sentences."""
        found = differences((base or self.first).rows, outcome.rows, ignoring=frozenset(self.unstable))
        return [f"{place_said(place)}: {how}" for place, how in found.items()]

    def lost(self, outcome: Outcome) -> list[str]:
        """Items of the first run that did not come out, or came out with an error, in this one."""
        found = [
            f"{item}: {errors[0].error_class}: {errors[0].message}"
            for item, errors in outcome.errors.items()
            if self.first.rows.get(item)
        ]
        gone = [
            f"{item}: no row came out"
            for item, rows in self.first.rows.items()
            if rows and not outcome.rows.get(item) and item not in outcome.errors
        ]
        return found + gone


def place_said(place: Place) -> str:
    """An item and a column, for people."""
    item, column = place
    return f"{column!r} of {item}" if column else item
