"""Measurements of runs, and what can be expected from them.

A run takes a time to start (models are loaded, workers come up) and then so much an item. Both are told apart: inside
one run from how it went on, between runs of different sizes from a line through them. Medians are taken everywhere,
so that one run on a busy machine moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import median
from typing import Literal

from mixpeek_orchestration.core.spending.prices import Amount

MOST_RUNS = 8
"""Older runs than the newest few say little about the machine and the data of today."""
_APART = 1.25
"""Runs whose sizes differ by less say nothing about what a further item takes."""

_PAIRED = 40
"""Of so many marks all pairs are looked at."""

Basis = Literal["this code here", "this code elsewhere", "earlier code here", "this extractor elsewhere"]


@dataclass(frozen=True)
class Measurement:
    """What one run of one collection took. `items` were extracted, with `start` of `total` before the first of them (`None` where nobody could tell).

    `usd` is what it cost at the prices of its day, `expected` what had been foreseen for these items (`None` without
    earlier runs), and `foreseen_usd` at which price.
    """

    namespace_id: str
    collection_id: str
    extractor: str
    version: str
    code_fp: str
    runner: str
    items: int
    total: Amount
    start: Amount | None = None
    usd: float = 0.0
    expected: Amount | None = None
    foreseen_usd: float | None = None
    basis: str = ""
    run_id: str = ""
    created_at: str = ""


@dataclass(frozen=True)
class Mark:
    """How far a run was at some moment: so many items, for so much."""

    items: int
    amount: Amount


@dataclass(frozen=True)
class Rate:
    """What to expect: `start` once, `item` for each; from `runs` earlier runs of `basis`."""

    item: Amount
    start: Amount
    runs: int
    items: int
    basis: Basis
    runner: str

    def of(self, items: int) -> Amount:
        """What so many items would take; nothing takes nothing."""
        return self.start + self.item * items if items else Amount()

    @property
    def line(self) -> str:
        """Where it comes from, in words."""
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        return f"{runs} of {self.basis}, {self.items:,} items, {self.runner.replace('_', ' ')}"


Together = Callable[[float, float], int]
"""How many items finish together in a long run, where a group of them takes so many seconds and each of them so many
more."""


@dataclass(frozen=True)
class Pace:
    """What a run takes once it is under way: `group` for every group of items that finish together, `item` for each."""

    group: Amount
    item: Amount

    def settled(self, together: Together) -> Amount:
        """What an item takes in a long run, with its share of its group."""
        return self.item + self.group * (1 / max(together(self.group.wall_s, self.item.wall_s), 1))


def start_of(marks: Sequence[Mark], total: Amount, together: Together) -> Amount | None:
    """What a run took beside what its items take in a long run, from the marks that it left on its way; `None` with
    fewer than two marks, which show no pace.

    It includes what a short run pays for finishing few items at a time: runners begin with small groups, and a large
    run is not made of those.
    """
    if len(marks) < 2:
        return None
    item = pace_of(marks).settled(together)
    return _each(lambda name: _bounded(total.of(name) - item.of(name) * marks[-1].items, total.of(name)))


def pace_of(marks: Sequence[Mark]) -> Pace:
    """The pace between two marks or more, by medians.

    A group takes CPU seconds whatever its size, and as much of the wall time as they are of it: they are ours, for putting
    items together and apart. They show in groups of different sizes; where all are alike they are told with the items.
    What an item takes comes from marks that are far apart, so that commits in between count.
    """
    cpu_s = _of_group([(b.items - a.items, b.amount.cpu_s - a.amount.cpu_s) for a, b in pairwise(marks)])
    busy = marks[-1].amount.cpu_s / max(marks[-1].amount.wall_s, 1e-9)
    group = Amount(wall_s=cpu_s / max(busy, 1.0), cpu_s=cpu_s)
    return Pace(group, _each(lambda name: median(_slopes(marks, name, group.of(name)))))


def _of_group(groups: Sequence[tuple[int, float]]) -> float:
    """What a group takes whatever its size; nothing where sizes do not differ enough to tell."""
    kept = groups[:: max(1, len(groups) // _PAIRED)]
    slope = _slope(kept)
    if slope is None:
        return 0.0
    return max(median(took - max(slope, 0.0) * items for items, took in kept), 0.0)


def _slopes(marks: Sequence[Mark], name: str, group: float) -> list[float]:
    """What an item takes beside its group, by pairs of marks that are far apart."""
    numbered = list(enumerate(marks))[:: max(1, len(marks) // _PAIRED)]
    far = (marks[-1].items - marks[0].items) / 4
    pairs = [(a, b) for a, b in combinations(numbered, 2) if b[1].items - a[1].items >= max(far, 1)]
    return [
        max(b.amount.of(name) - a.amount.of(name) - group * (n - m), 0.0) / max(b.items - a.items, 1)
        for (m, a), (n, b) in pairs or [((0, marks[0]), (len(marks) - 1, marks[-1]))]
    ]


def _bounded(value: float, most: float) -> float:
    return min(max(value, 0.0), most)


def rate_of(
    history: Sequence[Measurement], *, collection_id: str, extractor: str, code_fp: str, runner: str
) -> Rate | None:
    """What to expect of an extractor on a collection; `None` without any run of it.

    `history` is newest first. Runs of the same code count before runs of earlier code, and runs of this collection
    before those of others; among them, where there are any, runs on the same runner.
    """
    ran = [m for m in history if m.items > 0 and m.extractor == extractor]
    here = [m for m in ran if m.collection_id == collection_id]
    levels: list[tuple[Basis, list[Measurement]]] = [
        ("this code here", [m for m in here if m.code_fp == code_fp]),
        ("this code elsewhere", [m for m in ran if m.code_fp == code_fp]),
        ("earlier code here", here),
        ("this extractor elsewhere", ran),
    ]
    alike = [(basis, [m for m in found if m.runner == runner]) for basis, found in levels]
    for (basis, same), (_, found) in zip(alike, levels, strict=True):
        if same or found:
            return _fitted((same or found)[:MOST_RUNS], basis)
    return None


def _fitted(runs: Sequence[Measurement], basis: Basis) -> Rate:
    lines = {name: _line(runs, name) for name in Amount.names()}
    return Rate(
        item=_each(lambda name: lines[name][0]),
        start=_each(lambda name: lines[name][1]),
        runs=len(runs),
        items=sum(m.items for m in runs),
        basis=basis,
        runner=runs[0].runner,
    )


def _line(runs: Sequence[Measurement], name: str) -> tuple[float, float]:
    """What an item takes and what the start takes. The larger a run, the better it tells what an item takes."""
    begun = [m.start.of(name) for m in runs if m.start is not None]
    if not begun:
        through = _through([(m.items, m.total.of(name)) for m in runs])
        if through is not None:
            return through
    start = median(begun) if begun else 0.0
    told = [m for m in runs if m.start is not None] or list(runs)
    per_item = [max(m.total.of(name) - _start(m, name, start), 0.0) / m.items for m in told]
    return _weighted_median(per_item, [m.items for m in told]), start


def _start(run: Measurement, name: str, otherwise: float) -> float:
    return run.start.of(name) if run.start is not None else otherwise


def _through(points: Sequence[tuple[int, float]]) -> tuple[float, float] | None:
    """Slope and start of a line through the totals of runs whose sizes differ; `None` where there is none upwards."""
    slope = _slope(points) or 0.0
    start = median(total - slope * items for items, total in points)
    return (slope, start) if slope > 0.0 and start >= 0.0 else None


def _slope(points: Sequence[tuple[int, float]]) -> float | None:
    """The slope of a line through points, by pairs whose sizes differ; `None` where none do."""
    pairs = [(a, b) for a, b in combinations(sorted(points), 2) if b[0] >= a[0] * _APART and b[0] > a[0]]
    return median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs) if pairs else None


def _weighted_median(values: Sequence[float], weights: Sequence[float]) -> float:
    ordered = sorted(zip(values, weights, strict=True))
    half, seen = sum(weights) / 2, 0.0
    for value, weight in ordered:
        seen += weight
        if seen >= half:
            return value
    return ordered[-1][0]


def _each(one: Callable[[str], float]) -> Amount:
    return Amount(**{name: one(name) for name in Amount.names()})
