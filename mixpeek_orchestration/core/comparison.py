"""Two generations side by side on the same queries: how much their answers agree, how fast and how dear each is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mixpeek_orchestration.core.report import TierReport, total
from mixpeek_orchestration.core.spending.prices import Amount, Prices


@dataclass(frozen=True)
class Answered:
    """What one generation answered to one query: the source objects of its documents, best first, and how long it took.
    `error` is why there was no answer."""

    sources: tuple[str, ...] = ()
    elapsed_ms: float = 0.0
    error: str | None = None


@dataclass(frozen=True)
class Side:
    """One generation: latency over all queries in milliseconds, and what an item cost to extract, from its reports.
    `None` where nothing was measured."""

    generation_id: str
    extractor: str
    p50_ms: float | None
    p95_ms: float | None
    errors: int
    items: int
    seconds_per_item: float | None
    cpu_seconds_per_item: float | None
    gpu_seconds_per_item: float | None
    usd_per_item: float | None


@dataclass(frozen=True)
class Comparison:
    """`overlap` is the mean over the queries of how much of the first `k` results is the same on both sides (the size of
    the intersection through that of the union, in source objects); `same_first` how often the best one is the same."""

    k: int
    queries: int
    overlap: float | None
    same_first: float | None
    sides: tuple[Side, Side]


def compared(
    k: int,
    answers: Sequence[tuple[Answered, Answered]],
    sides: tuple[Side, Side],
) -> Comparison:
    """The comparison of two generations over pairs of answers; pairs with an error count in neither mean."""
    whole = [(a.sources, b.sources) for a, b in answers if a.error is None and b.error is None]
    return Comparison(
        k,
        len(answers),
        _mean(overlap(a[:k], b[:k]) for a, b in whole),
        _mean(float(a[:1] == b[:1]) for a, b in whole),
        sides,
    )


def overlap(first: Sequence[str], second: Sequence[str]) -> float:
    """The Jaccard index of two lists of sources; two empty ones agree."""
    one, other = set(first), set(second)
    return len(one & other) / len(one | other) if one | other else 1.0


def side_of(
    generation_id: str,
    extractor: str,
    answers: Sequence[Answered],
    reports: Sequence[TierReport],
    prices: Prices,
) -> Side:
    """One side of a comparison, at the prices of today. Items that failed or came out empty were paid for too."""
    times = sorted(answer.elapsed_ms for answer in answers if answer.error is None)
    paid = total([report for report in reports if report.generation_id == generation_id])
    items = paid.written + paid.empty + paid.failed
    amount = Amount(paid.usage.wall_s, paid.usage.cpu_s, paid.usage.gpu_s, paid.usage.api_usd)
    usd = prices.usd(amount, extractor=extractor.partition("@")[0], items=items)
    return Side(
        generation_id,
        extractor,
        percentile(times, 0.5),
        percentile(times, 0.95),
        sum(answer.error is not None for answer in answers),
        items,
        paid.usage.wall_s / items if items else None,
        paid.usage.cpu_s / items if items else None,
        paid.usage.gpu_s / items if items else None,
        usd / items if items else None,
    )


def percentile(ordered: Sequence[float], part: float) -> float | None:
    """The value below which `part` of the ordered values lie (nearest rank); `None` of none."""
    if not ordered:
        return None
    rank = max(0, -int(-part * len(ordered) // 1) - 1)
    return ordered[rank]


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
