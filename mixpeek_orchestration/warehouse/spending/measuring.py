"""A runner that measures another one: what a run took, from its first item to its last commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, Runner, SourceItem
from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.core.spending.measurement import Mark, start_of
from mixpeek_orchestration.core.spending.prices import Amount

Done = Callable[[str, int, Amount, Amount | None], None]
"""Told once, when a run is over: the runner's name, how many items, what they took, and how much of that was before
the first of them."""


class MeasuredRunner:
    """The `Runner` that it is given, measured.

    Its run is over when its usage is asked for, which happens after the last commit; `settle` ends one that broke off.
    """

    def __init__(self, runner: Runner, done: Done) -> None:
        self._runner = runner
        self._done = done
        self._marks: list[Mark] = []
        self._began: float | None = None
        self.name = runner.name

    def check(self, job: ExtractionJob) -> None:
        self._runner.check(job)

    def run(self, job: ExtractionJob, items: Iterable[SourceItem]) -> Iterator[Extracted]:
        """The finished items, each time with a mark of how far the run is."""
        self._began = time.monotonic()
        results = self._runner.run(job, items)
        finished = 0
        try:
            for extracted in results:
                finished += len(extracted.items)
                self._marks.append(Mark(finished, self._amount()))
                yield extracted
        finally:
            close = getattr(results, "close", None)
            if close is not None:
                close()

    def usage(self) -> Usage:
        self.settle()
        return self._runner.usage()

    def together(self, group_s: float, item_s: float) -> int:
        return self._runner.together(group_s, item_s)

    def settle(self) -> None:
        """Tell what the run took, once; nothing when nothing was run."""
        if self._began is None:
            return
        total, marks = self._amount(), self._marks
        self._began, self._marks = None, []
        self._done(self.name, marks[-1].items if marks else 0, total, start_of(marks, total, self.together))

    def _amount(self) -> Amount:
        usage = self._runner.usage()
        assert self._began is not None
        return Amount(time.monotonic() - self._began, usage.cpu_s, usage.gpu_s, usage.api_usd)
