"""Limits on money, and what is refused because of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.errors import OverBudget
from mixpeek_orchestration.core.money import dollars

if TYPE_CHECKING:
    from mixpeek_orchestration.core.forecast import Forecast

UNPRICED_ITEMS = 500
"""Where money is limited, this many items may run without a price: the sample that later prices come from."""
_CENT = 1e-9


@dataclass(frozen=True)
class SpendBudget:
    """What a namespace may spend in a day and in a month (UTC); `None` is without limit."""

    daily_usd: float | None = None
    monthly_usd: float | None = None

    @property
    def is_unlimited(self) -> bool:
        return self.daily_usd is None and self.monthly_usd is None


@dataclass(frozen=True)
class Limit:
    """One limit with what is used up of it. `name` is how people know it, `field` where it is set, `fix` what they can
    do about it."""

    name: str
    field: str
    usd: float
    spent: float
    fix: str

    @property
    def left(self) -> float:
        return max(self.usd - self.spent, 0.0)


def start_of_day(moment: datetime) -> str:
    """The beginning of the day in UTC, as the catalog writes moments."""
    return _written(moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))


def start_of_month(moment: datetime) -> str:
    """The beginning of the month in UTC, as the catalog writes moments."""
    return _written(moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def refuse_over(forecast: Forecast, limits: Sequence[Limit]) -> None:
    """Raises `OverBudget` when the forecast does not fit into a limit, or when nobody can tell and it is more than a
    sample. What extracts nothing is never refused."""
    if not limits or not (forecast.extract or any(tier.may_change for tier in forecast.tiers)):
        return
    cost = forecast.at_most
    if cost is None:
        _refuse_unpriced(forecast, limits[0])
        return
    for limit in limits:
        if cost.usd > limit.left + _CENT:
            raise OverBudget(
                f"This would cost up to {dollars(cost.usd)}, and {limit.name} leaves {dollars(limit.left)} "
                f"({dollars(limit.spent)} of {dollars(limit.usd)} are spent). Nothing was run.",
                field=limit.field,
                value=round(cost.usd, 6),
                fix=limit.fix,
                estimate_usd=cost.usd,
                limit_usd=limit.usd,
                spent_usd=limit.spent,
            )


def _refuse_unpriced(forecast: Forecast, limit: Limit) -> None:
    unknown = sum(tier.extract + tier.may_change for tier in forecast.unmeasured)
    spent_up = limit.left <= 0.0
    if unknown <= UNPRICED_ITEMS and not spent_up:
        return
    names = ", ".join(tier.collection for tier in forecast.unmeasured)
    raise OverBudget(
        f"Nobody knows what {unknown:,} items of {names} cost: no run of them was measured yet, and {limit.name} leaves "
        f"{dollars(limit.left)} ({dollars(limit.spent)} of {dollars(limit.usd)} are spent). Nothing was run.",
        field=limit.field,
        value=unknown,
        fix=limit.fix
        if spent_up
        else f"Run a sample first: mixpeek reprocess {forecast.unmeasured[0].collection} --sample 100.",
        estimate_usd=None,
        limit_usd=limit.usd,
        spent_usd=limit.spent,
    )
