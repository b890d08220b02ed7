"""The time that an execution may take."""

from __future__ import annotations

import time
from dataclasses import dataclass

from mixpeek_orchestration.core.errors import BudgetExceeded

DEFAULT_MAX_TIME_MS = 10_000


@dataclass(frozen=True)
class Deadline:
    """A point in time on the monotonic clock; nothing waits past it."""

    started: float
    budget_ms: float

    @classmethod
    def after(cls, *budgets_ms: float | None) -> Deadline:
        """The deadline that starts now, by the smallest budget that was given, or by the default."""
        given = [budget for budget in budgets_ms if budget is not None]
        return cls(time.monotonic(), min(given, default=DEFAULT_MAX_TIME_MS))

    def narrowed(self, budget_ms: float | None) -> Deadline:
        """This deadline, or the one `budget_ms` from now if that is earlier."""
        if budget_ms is None or budget_ms / 1000 >= self.remaining_s:
            return self
        return Deadline.after(budget_ms)

    @property
    def elapsed_ms(self) -> float:
        return (time.monotonic() - self.started) * 1000

    @property
    def remaining_s(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, (self.budget_ms - self.elapsed_ms) / 1000)

    def exceeded(self, what: str) -> BudgetExceeded:
        """The error for `what` not being done in time."""
        return BudgetExceeded(
            f"{what} was not done within {self.budget_ms:.0f} ms.",
            field="max_time_ms",
            value=int(self.budget_ms),
            fix="Ask again, or allow more time in budget_limits.max_time_ms.",
        )
