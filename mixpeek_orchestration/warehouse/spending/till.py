"""What stands between a run and its runner: nothing is run that may not, and what was run is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from mixpeek_orchestration.core.ports.extraction import ExtractionJob, Runner
from mixpeek_orchestration.core.spending.forecast import Cost
from mixpeek_orchestration.core.spending.measurement import Measurement, Rate
from mixpeek_orchestration.core.spending.prices import Amount
from mixpeek_orchestration.core.spending.reservation import Reservation
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.runs.runs import Runs
from mixpeek_orchestration.warehouse.spending.estimates import Estimates
from mixpeek_orchestration.warehouse.spending.measuring import MeasuredRunner
from mixpeek_orchestration.warehouse.spending.spending import Spending


@contextmanager
def open_till(spending: Spending, estimates: Estimates, runs: Runs, run_id: str) -> Iterator[Till]:
    """A till for one tier of a run. What the run has reserved for its later tiers stays, unless this one breaks off."""
    with ExitStack() as lease:
        till = Till(spending, estimates, run_id, lambda: lease.enter_context(runs.alive(run_id)))
        try:
            yield till
        except BaseException:
            till.settle()
            till.release()
            raise
        till.settle()


class Till:
    """The runners and jobs of one run: each job is admitted, each runner measured.

    `take_lease` gives the name of a lease that lives as long as the till; it is asked for where money is limited.
    """

    def __init__(
        self, spending: Spending, estimates: Estimates, run_id: str, take_lease: Callable[[], str]
    ) -> None:
        self._spending = spending
        self._estimates = estimates
        self._run_id = run_id
        self._take_lease = take_lease
        self._holder = ""
        self._reserved: Reservation | None = None
        self._planned: Planned | None = None
        self._foreseen: tuple[Cost | None, Rate | None] = (None, None)
        self._open: list[MeasuredRunner] = []

    def measured(self, choose: Callable[[int], Runner]) -> Callable[[int], Runner]:
        """The same choice of runners, each measured."""

        def chosen(items: int) -> Runner:
            runner = MeasuredRunner(choose(items), self._done)
            self._open.append(runner)
            return runner

        return chosen

    def admitted(self, make: Callable[[Planned], ExtractionJob]) -> Callable[[Planned], ExtractionJob]:
        """The same jobs, made only for what may run, and told how long an item took before."""

        def made(planned: Planned) -> ExtractionJob:
            if not self._holder and self._spending.is_limited(planned.collection.namespace_id):
                self._holder = self._take_lease()
            self._reserved = self._spending.admit_planned(planned, self._holder)
            self._planned = planned
            self._foreseen = _, rate = self._estimates.for_planned(planned)
            return replace(make(planned), item_s=rate.item.wall_s if rate else None)

        return made

    def settle(self) -> None:
        """Keep also what a run took that broke off."""
        for runner in self._open:
            runner.settle()
        self._open.clear()

    def release(self) -> None:
        """Nothing is reserved for the run any more."""
        if self._holder:
            self._spending.reservations.release(self._holder)

    def _done(self, runner: str, items: int, total: Amount, start: Amount | None) -> None:
        assert self._planned is not None, "a run has a job"
        planned, description = self._planned, self._planned.description
        expected, rate = self._foreseen
        self._spending.keep(
            Measurement(
                namespace_id=planned.collection.namespace_id,
                collection_id=planned.collection.collection_id,
                extractor=description.name,
                version=description.version,
                code_fp=description.code_fp,
                runner=runner,
                items=items,
                total=total,
                start=start,
                usd=self._estimates.prices.usd(total, extractor=description.name, items=items),
                expected=expected.amount if expected else None,
                foreseen_usd=expected.usd if expected else None,
                basis=rate.line if rate else "",
                run_id=self._run_id,
            )
        )
        if self._reserved is not None:
            left = max(self._reserved.usd - (expected.usd if expected else 0.0), 0.0)
            self._reserved = replace(self._reserved, usd=left)
            self._spending.reservations.reduce(self._reserved)
