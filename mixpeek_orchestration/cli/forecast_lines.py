"""A forecast as lines that people read: what would run, why, for how long and for how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mixpeek_orchestration.core.spending.budget import Limit
from mixpeek_orchestration.core.spending.forecast import Cost, Forecast, TierForecast
from mixpeek_orchestration.core.spending.money import dollars, duration

REASONS = {
    "input_changed": "its input changed",
    "code_changed": "its code changed",
    "retry_transient": "failed for a passing reason",
    "forced": "asked for by force",
    "replayed": "to be tried again",
}
"""Why an item is stale, in words; other reasons are shown as they are."""


def forecast_lines(forecast: Forecast, limits: Sequence[Limit] = ()) -> list[str]:
    """The tiers in their order, the whole, and what is left of the budgets."""
    lines = [line for tier in forecast.tiers for line in _tier_lines(tier)]
    if forecast.is_idle:
        return [*lines, "Nothing to run: everything is up to date."]
    return [*lines, *_whole_lines(forecast), *(_limit_line(limit) for limit in limits)]


def _tier_lines(tier: TierForecast) -> Iterator[str]:
    below = "" if tier.selected else ", below"
    yield f"{tier.collection} (tier {tier.tier}, {tier.extractor}{below}): {_counts(tier)}"
    for reason, count in tier.stale.items():
        yield f"  stale: {count:,} {REASONS.get(reason, reason.replace('_', ' '))}"
    for change in tier.code_changes:
        yield f"  code: {change}"
    if tier.may_change:
        yield f"  from above: {_further(tier)}"
    if tier.leaving:
        yield f"  from above: {tier.leaving:,} items go, their documents above do"
    if tier.is_guess:
        yield "  price: unknown, no run of a tier above was measured yet"
    elif tier.at_most is None:
        yield f"  price: unknown, no run of {tier.extractor} was measured yet"
    elif tier.extract or tier.may_change:
        yield f"  price: {_range(tier.at_least, tier.at_most)} (from {tier.basis})"


def _further(tier: TierForecast) -> str:
    if tier.is_guess:
        return f"{tier.may_change:,} or more items, depending on how many documents they are made into"
    return f"up to {tier.may_change:,} items, those whose documents above come out new or different"


def _counts(tier: TierForecast) -> str:
    counts = {
        "new": tier.new,
        "stale": sum(tier.stale.values()),
        "to patch": tier.patched,
        "unchanged": tier.unchanged,
        "orphaned": tier.orphaned,
        "failed before": tier.failed,
        "left out": tier.left_out,
    }
    told = [f"{count:,} {name}" for name, count in counts.items() if count]
    items = "1 item" if tier.items == 1 else f"{tier.items:,} items"
    return f"{items}: {', '.join(told)}" if told else "no items"


def _range(at_least: Cost | None, at_most: Cost) -> str:
    if at_least is None or at_least == at_most:
        return _cost(at_most)
    if not at_least.amount.wall_s:
        return f"up to {_cost(at_most)}"
    return f"{_cost(at_least)}; up to {_cost(at_most)}"


def _cost(cost: Cost) -> str:
    parts = [f"about {duration(cost.amount.wall_s)}", f"{duration(cost.amount.cpu_s)} CPU"]
    parts += [f"{duration(cost.amount.gpu_s)} GPU"] if cost.amount.gpu_s else []
    parts += [f"{dollars(cost.amount.api_usd)} to others"] if cost.amount.api_usd else []
    return f"{', '.join(parts)}, {dollars(cost.usd)}"


def _whole_lines(forecast: Forecast) -> Iterator[str]:
    count = forecast.object_count
    objects = "1 source object" if count == 1 else f"{count:,} source objects"
    if forecast.at_most is not None:
        yield f"whole: {objects}, {_range(forecast.at_least, forecast.at_most)}"
        return
    names = ", ".join(tier.collection for tier in forecast.unmeasured)
    first = forecast.unmeasured[0].collection
    yield f"whole: {objects}, price unknown: nothing was measured of {names} yet"
    yield f"  to measure it: mixpeek reprocess {first} --sample 100"


def _limit_line(limit: Limit) -> str:
    return f"budget: {limit.name} leaves {dollars(limit.left)} ({dollars(limit.spent)} of {dollars(limit.usd)} are spent)"
