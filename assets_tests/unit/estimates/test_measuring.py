"""Measuring runs: a runner around a runner, and what is paid to others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pytest

from mixpeek_orchestration.core.account import share_of
from mixpeek_orchestration.core.ports.extraction import Extracted
from mixpeek_orchestration.core.ports.platform import LLMAnswer
from mixpeek_orchestration.core.report import TierReport, Usage, total
from mixpeek_orchestration.core.spending.prices import Amount
from mixpeek_orchestration.core.spending.spending import paid_usd, pay
from mixpeek_orchestration.engine.metering import Meter
from mixpeek_orchestration.warehouse.platform import NamespacePlatform
from mixpeek_orchestration.warehouse.spending.measuring import MeasuredRunner

Told = tuple[str, int, Amount, Amount | None]


class Groups:
    """A runner that finishes its items in groups of ten, each for a second of CPU; the first one costs four more."""

    name = "groups"

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.closed = False

    def check(self, job: Any) -> None:
        del job

    def run(self, job: Any, items: Iterable[Any]) -> Iterator[Extracted]:
        del job
        names = [str(item) for item in items]
        try:
            for first in range(0, len(names), 10):
                self.cpu_s += 5.0 if first == 0 else 1.0
                yield Extracted(tuple(names[first : first + 10]), pa.table({}))
        finally:
            self.closed = True

    def usage(self) -> Usage:
        return Usage(cpu_s=self.cpu_s, runner=self.name)

    def together(self, group_s: float, item_s: float) -> int:
        del group_s, item_s
        return 10


@pytest.fixture
def told() -> list[Told]:
    return []


def _measured(told: list[Told]) -> tuple[MeasuredRunner, Groups]:
    groups = Groups()
    return MeasuredRunner(groups, lambda *measured: told.append(measured)), groups


def test_a_run_is_told_once_when_its_usage_is_asked_for(told: list[Told]) -> None:
    """Asking for the usage comes after the last commit: only then the run is over. Its start is told apart."""
    runner, _ = _measured(told)
    assert sum(len(part.items) for part in runner.run(None, range(40))) == 40  # type: ignore[arg-type]
    assert told == []
    assert runner.usage().cpu_s == 8.0
    runner.settle()
    [(name, items, amount, start)] = told
    assert (name, items, amount.cpu_s) == ("groups", 40, 8.0)
    assert start is not None
    assert start.cpu_s == pytest.approx(4.0)


def test_a_run_that_breaks_off_is_told_up_to_there(told: list[Told]) -> None:
    """The runner below is closed, and what it has finished counts."""
    runner, groups = _measured(told)
    results = runner.run(None, range(40))  # type: ignore[arg-type]
    next(results)
    results.close()
    runner.settle()
    assert groups.closed
    assert [(items, amount.cpu_s, start) for _, items, amount, start in told] == [(10, 5.0, None)]


def test_a_runner_that_ran_nothing_tells_nothing(told: list[Told]) -> None:
    """A plan with nothing to extract chooses a runner and does not use it."""
    runner, _ = _measured(told)
    runner.usage()
    runner.settle()
    assert told == []


def test_what_a_step_pays_is_in_its_usage() -> None:
    """A meter reads what was paid while it was entered; a call without a known price counts nothing."""
    pay(1.0)
    meter = Meter("here")
    with meter:
        pay(0.25)
        pay(None)
    assert meter.read().api_usd == pytest.approx(0.25)


def test_a_platform_counts_what_its_answers_cost() -> None:
    """Answers of models are paid where they are asked for, whoever asks."""

    class Services:
        def generate(self, _: Any) -> Any:
            return lambda request: LLMAnswer(
                data=request, text=request, model="m", provider="p", cost_usd=0.5
            )

    platform = NamespacePlatform("ns", services=Services, tool=None, reference=None)  # type: ignore[arg-type]
    before = paid_usd()
    platform.generate("hello")  # type: ignore[arg-type]
    assert paid_usd() - before == pytest.approx(0.5)


def test_dollars_are_shared_and_summed_like_seconds() -> None:
    """A batch has its share of what a run paid, and runs add up."""
    assert share_of(Usage(api_usd=1.0), 1, 4).api_usd == pytest.approx(0.25)
    reports = [TierReport("c", usage=Usage(api_usd=usd)) for usd in (0.5, 0.25)]
    assert total(reports).usage.api_usd == pytest.approx(0.75)
