"""Measurements of runs, and what can be expected from them.

A run takes a time to start (models are loaded, workers come up) and then so much an item. Both are told apart: inside
one run from how it went on, between runs of different sizes from a line through them. Medians are taken everywhere,
so that one run on a busy machine moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Literal

from mixpeek_orchestration.core.prices import Amount

MOST_RUNS = 8
"""Older runs than the newest few say little about the machine and the data of today."""
_APART = 1.25
"""Runs whose sizes differ by less say nothing about what a further item takes."""

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


def start_of(marks: Sequence[Mark], total: Amount) -> Amount | None:
    """What a run took before its items began to count, from the marks that it left on its way; `None` with fewer than
    two marks, which show no pace.

    What an item takes is the median over all pairs of marks that are far enough apart.
    """
    if len(marks) < 2:
        return None
    item = _each(lambda name: median(_slopes(marks, name)))
    return _each(lambda name: _bounded(total.of(name) - item.of(name) * marks[-1].items, total.of(name)))


def _slopes(marks: Sequence[Mark], name: str) -> list[float]:
    kept = marks[:: max(1, len(marks) // 40)]
    far = (marks[-1].items - marks[0].items) / 4
    pairs = [(a, b) for a, b in combinations(kept, 2) if b.items - a.items >= far and b.items > a.items]
    return [
        max(b.amount.of(name) - a.amount.of(name), 0.0) / (b.items - a.items)
        for a, b in pairs or [(marks[0], marks[-1])]
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
    pairs = [(a, b) for a, b in combinations(sorted(points), 2) if b[0] >= a[0] * _APART]
    slope = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs) if pairs else 0.0
    start = median(total - slope * items for items, total in points)
    return (slope, start) if slope > 0.0 and start >= 0.0 else None


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
