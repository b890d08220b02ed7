"""Forecasts: what would run, tier by tier, why, for how long and for how much. Every door shows the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.plan import Plan
from mixpeek_orchestration.core.spending.measurement import Rate
from mixpeek_orchestration.core.spending.prices import Amount, Prices


@dataclass(frozen=True)
class Cost:
    """What some work takes, with its price."""

    amount: Amount = field(default_factory=Amount)
    usd: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.amount + other.amount, self.usd + other.usd)

    def as_dict(self) -> dict[str, float]:
        return {**{name: round(value, 6) for name, value in asdict(self.amount).items()}, "usd": self.usd}


@dataclass(frozen=True)
class TierForecast:
    """What would run in one collection.

    `new` and `stale` (by reason) items are extracted, `patched` ones get other carried fields, `unchanged` ones nothing,
    `orphaned` ones lose their documents, `failed` ones stay failed. `may_change` further items read documents that
    tiers above would write anew: where those come out equal, nothing runs for them; `leaving` ones go with theirs. Only `selected` collections were
    asked for; the others lie below one. `may_change` `is_guess` where nobody knows yet how many documents a tier above
    makes of an item. `at_least` is without what may change, `at_most` with it; `None` without
    earlier runs.
    """

    collection_id: str
    collection: str
    tier: int
    extractor: str
    selected: bool
    items: int
    new: int
    stale: Mapping[str, int]
    patched: int
    unchanged: int
    orphaned: int
    failed: int
    left_out: int
    may_change: int = 0
    leaving: int = 0
    is_guess: bool = False
    code_changes: tuple[str, ...] = ()
    at_least: Cost | None = None
    at_most: Cost | None = None
    basis: str = ""

    @property
    def extract(self) -> int:
        return self.new + sum(self.stale.values())

    @property
    def is_idle(self) -> bool:
        """Whether nothing at all would happen here."""
        return not (self.extract or self.patched or self.orphaned or self.may_change or self.leaving)

    def as_dict(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "stale": dict(self.stale),
            "extract": self.extract,
            "code_changes": list(self.code_changes),
            "at_least": self.at_least.as_dict() if self.at_least else None,
            "at_most": self.at_most.as_dict() if self.at_most else None,
        }


@dataclass(frozen=True)
class Forecast:
    """What would run: the tiers in their order, and the source objects that it is about."""

    namespace_id: str
    tiers: tuple[TierForecast, ...]
    object_count: int = 0

    @property
    def at_least(self) -> Cost | None:
        return _sum([tier.at_least for tier in self.tiers])

    @property
    def at_most(self) -> Cost | None:
        """What it takes when everything that may change does; the figure that limits are held against."""
        return _sum([tier.at_most for tier in self.tiers])

    @property
    def extract(self) -> int:
        return sum(tier.extract for tier in self.tiers)

    @property
    def unmeasured(self) -> list[TierForecast]:
        """The tiers of which nobody can tell what they take: no run of them, or of a tier above, was ever measured."""
        return [tier for tier in self.tiers if tier.at_most is None]

    @property
    def is_idle(self) -> bool:
        return all(tier.is_idle for tier in self.tiers)

    def as_dict(self) -> dict[str, Any]:
        at_least, at_most = self.at_least, self.at_most
        return {
            "namespace_id": self.namespace_id,
            "object_count": self.object_count,
            "extract": self.extract,
            "tiers": [tier.as_dict() for tier in self.tiers],
            "at_least": at_least.as_dict() if at_least else None,
            "at_most": at_most.as_dict() if at_most else None,
            "unmeasured": [tier.collection for tier in self.unmeasured],
        }


def _sum(costs: Sequence[Cost | None]) -> Cost | None:
    whole = Cost()
    for cost in costs:
        if cost is None:
            return None
        whole += cost
    return whole


_LEFT_OUT = (planning.FILTERED, planning.MISSING)


def counts_of(plan: Plan) -> dict[str, Any]:
    """How a plan is told in a forecast: every item in exactly one of its numbers."""
    by_reason = plan.frame.filter(plan.frame["action"] == planning.EXTRACT)["reason"].value_counts()
    stale = dict(sorted(zip(by_reason["reason"].to_list(), by_reason["count"].to_list(), strict=True)))
    return {
        "items": plan.fetched,
        "new": stale.pop(planning.NEW, 0),
        "stale": stale,
        "patched": plan.count(planning.PATCH),
        "unchanged": plan.count(planning.UNCHANGED),
        "orphaned": plan.count(planning.DELETE),
        "failed": plan.count(planning.FAILED),
        "left_out": sum(plan.count(action) for action in _LEFT_OUT),
    }


def priced(rate: Rate | None, items: int, *, extractor: str, prices: Prices) -> Cost | None:
    """The cost of so many items; nothing costs nothing, and without a rate nobody knows."""
    if not items:
        return Cost()
    if rate is None:
        return None
    amount = rate.of(items)
    return Cost(amount, prices.usd(amount, extractor=extractor, items=items))
