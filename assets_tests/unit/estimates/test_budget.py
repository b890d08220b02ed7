"""Prices and limits: the arithmetic by hand, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mixpeek_orchestration.core.errors import InvalidInput, OverBudget
from mixpeek_orchestration.core.spending.budget import (
    UNPRICED_ITEMS,
    Limit,
    refuse_over,
    start_of_day,
    start_of_month,
)
from mixpeek_orchestration.core.spending.forecast import Cost, Forecast, TierForecast
from mixpeek_orchestration.core.spending.money import dollars, duration
from mixpeek_orchestration.core.spending.prices import Amount, Prices
from mixpeek_orchestration.core.spending.reservation import GRACE_S, Reservation, counting


def _forecast(new: int, at_most: float | None, *, may_change: int = 0) -> Forecast:
    cost = None if at_most is None else Cost(Amount(), at_most)
    counts = {"stale": {}, "patched": 0, "unchanged": 0, "orphaned": 0, "failed": 0, "left_out": 0}
    tier = TierForecast(
        "c",
        "lines",
        0,
        "words_v1",
        True,
        new,
        new,
        **counts,
        may_change=may_change,
        at_least=cost,
        at_most=cost,
    )
    return Forecast("ns", (tier,))


def _limit(usd: float, spent: float = 0.0) -> Limit:
    return Limit("the monthly budget", "spend_budget.monthly_usd", usd, spent, "Raise it.")


def test_a_price_is_recomputed_by_hand() -> None:
    """2 h of CPU at $0.05, half an hour of GPU at $3, $0.40 paid to others, and 1,000 items at a tenth of a cent."""
    prices = Prices(cpu_hour=0.05, gpu_hour=3.0, item={"ocr": 0.001})
    amount = Amount(wall_s=99.0, cpu_s=7_200.0, gpu_s=1_800.0, api_usd=0.40)
    assert prices.usd(amount, extractor="words", items=1_000) == pytest.approx(0.10 + 1.50 + 0.40)
    assert prices.usd(amount, extractor="ocr", items=1_000) == pytest.approx(0.10 + 1.50 + 0.40 + 1.00)


@pytest.mark.parametrize("price", [-0.1, float("nan"), float("inf")])
def test_a_price_is_a_sum_of_money(price: float) -> None:
    """Anything else is refused where it is said."""
    with pytest.raises(InvalidInput):
        Prices(cpu_hour=price)


def test_what_does_not_fit_is_refused_with_all_figures() -> None:
    """The error names estimate, limit, what is spent, and the fix; what fits exactly passes."""
    refuse_over(_forecast(10, 2.5), [_limit(10.0, 7.5)])
    with pytest.raises(OverBudget) as caught:
        refuse_over(_forecast(10, 2.6), [_limit(100.0), _limit(10.0, 7.5)])
    assert caught.value.context == {
        "estimate_usd": 2.6,
        "limit_usd": 10.0,
        "spent_usd": 7.5,
        "reserved_usd": 0,
    }
    assert "Nothing was run" in caught.value.message
    assert caught.value.fix == "Raise it."


def test_what_others_have_reserved_is_named_and_can_be_waited_for() -> None:
    """What is set aside counts like what is spent; who has it is told, and waiting is a way out only where it helps."""
    others = tuple(Reservation(holder, "ns", 1.0) for holder in ("run:r1/own_2", "batch:b1"))
    held = replace(_limit(10.0, 7.0), others=others)
    refuse_over(_forecast(10, 1.0), [held])
    with pytest.raises(OverBudget) as caught:
        refuse_over(_forecast(10, 1.5), [held])
    assert "$7.00 of $10.00 are spent, $2.00 are reserved for run r1, batch b1" in caught.value.message
    assert caught.value.context["reserved_usd"] == 2.0
    assert (caught.value.fix or "").startswith("Wait until")
    with pytest.raises(OverBudget) as caught:
        refuse_over(_forecast(10, 3.5), [held])
    assert caught.value.fix == "Raise it."


def test_a_reservation_counts_as_long_as_its_holder_can_spend_it() -> None:
    """A run while its lease lives; a batch while it is on its way, and for a minute while it is being submitted."""
    made = [Reservation(holder, "ns", 1.0, since=0.0) for holder in ("run:a", "run:b", "batch:c", "batch:d")]
    on_time, late = GRACE_S / 2, GRACE_S * 2
    alive = {"live_leases": {"run:a"}, "open_batches": {"c"}}
    assert [r.holder for r in counting(made, **alive, now=on_time)] == ["run:a", "batch:c", "batch:d"]
    assert [r.holder for r in counting(made, **alive, now=late)] == ["run:a", "batch:c"]


def test_what_nobody_can_price_runs_as_a_sample_only() -> None:
    """A few items pass, because prices come from runs; more are refused with the way to a price."""
    refuse_over(_forecast(UNPRICED_ITEMS, None), [_limit(1.0)])
    with pytest.raises(OverBudget, match="--sample"):
        refuse_over(_forecast(UNPRICED_ITEMS, None, may_change=1), [_limit(1.0)])
    with pytest.raises(OverBudget, match="Raise"):
        refuse_over(_forecast(1, None), [_limit(1.0, 1.0)])
    refuse_over(_forecast(UNPRICED_ITEMS + 1, None), [])


def test_what_extracts_nothing_is_never_refused() -> None:
    """Removing and patching are possible when all money is spent."""
    refuse_over(_forecast(0, 0.0), [_limit(1.0, 5.0)])


def test_days_and_months_begin_in_utc() -> None:
    """A moment just after midnight further east belongs to the day, and the month, before."""
    east = datetime(2026, 11, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert start_of_day(east) == "2026-10-31T00:00:00.000000+00:00"
    assert start_of_month(east) == "2026-10-01T00:00:00.000000+00:00"
    assert start_of_month(datetime(2026, 11, 30, tzinfo=UTC)) == "2026-11-01T00:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (0.0, "$0"),
        (1234.5, "$1,234.50"),
        (0.0125, "$0.0125"),
        (0.00002, "$0.000020"),
        (1e-9, "less than $0.000001"),
    ],
)
def test_sums_are_told_as_precisely_as_they_need(usd: float, told: str) -> None:
    """Large sums with cents, small ones with as many places as they need."""
    assert dollars(usd) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.85, "850 ms"),
        (4.24, "4.2 s"),
        (59.97, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7_500, "2 h 5 min"),
        (3_599.6, "1 h 0 min"),
    ],
)
def test_times_are_told_in_their_units(seconds: float, told: str) -> None:
    """Milliseconds, seconds, minutes, hours."""
    assert duration(seconds) == told
