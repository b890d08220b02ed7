"""Limits on money, and what is refused because of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.errors import OverBudget
from mixpeek_orchestration.core.spending.money import dollars
from mixpeek_orchestration.core.spending.reservation import Reservation

if TYPE_CHECKING:
    from mixpeek_orchestration.core.spending.forecast import Forecast

UNPRICED_ITEMS = 500
"""Where money is limited, this many items may run without a price: the sample that later prices come from."""
_CENT = 1e-9
_NAMED = 3


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
    """One limit with what is used up of it, and what others have set aside. `name` is how people know it, `field` where
    it is set, `fix` what they can do about it."""

    name: str
    field: str
    usd: float
    spent: float
    fix: str
    others: tuple[Reservation, ...] = ()

    @property
    def reserved(self) -> float:
        return sum(one.usd for one in self.others)

    @property
    def left(self) -> float:
        return max(self.usd - self.spent - self.reserved, 0.0)

    @property
    def line(self) -> str:
        """How much of it is gone, and to whom, in words."""
        spent = f"{dollars(self.spent)} of {dollars(self.usd)} are spent"
        if not self.others:
            return spent
        named = ", ".join(one.subject for one in self.others[:_NAMED])
        more = f" and {len(self.others) - _NAMED} more" if len(self.others) > _NAMED else ""
        return f"{spent}, {dollars(self.reserved)} are reserved for {named}{more}"

    def way_out(self, usd: float) -> str:
        """What can be done when so much does not fit."""
        fits_later = self.others and usd <= self.usd - self.spent + _CENT
        return f"Wait until what is reserved is settled. {self.fix}" if fits_later else self.fix


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
                f"({limit.line}). Nothing was run.",
                field=limit.field,
                value=round(cost.usd, 6),
                fix=limit.way_out(cost.usd),
                estimate_usd=cost.usd,
                limit_usd=limit.usd,
                spent_usd=limit.spent,
                reserved_usd=limit.reserved,
            )


def _refuse_unpriced(forecast: Forecast, limit: Limit) -> None:
    unknown = sum(tier.extract + tier.may_change for tier in forecast.unmeasured)
    spent_up = limit.left <= 0.0
    if unknown <= UNPRICED_ITEMS and not spent_up:
        return
    names = ", ".join(tier.collection for tier in forecast.unmeasured)
    raise OverBudget(
        f"Nobody knows what {unknown:,} items of {names} cost: no run of them was measured yet, and {limit.name} leaves "
        f"{dollars(limit.left)} ({limit.line}). Nothing was run.",
        field=limit.field,
        value=unknown,
        fix=limit.way_out(0.0)
        if spent_up
        else f"Run a sample first: mixpeek reprocess {forecast.unmeasured[0].collection} --sample 100.",
        estimate_usd=None,
        limit_usd=limit.usd,
        spent_usd=limit.spent,
        reserved_usd=limit.reserved,
    )
