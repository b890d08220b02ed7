"""Why a worker is gone, as a value and as the error that its callers get."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from mixpeek_orchestration.core.errors import WorkerDied


@dataclass(frozen=True)
class Death:
    """`reason` is one of time, memory, disk, threads, protocol, signal, exit, closed. `culprit` is the number of the call
    that is known to be to blame."""

    reason: str
    detail: str
    culprit: int | None = None

    def error(self, *, number: int | None = None, alone: bool = True) -> WorkerDied:
        """The error of one call: `alone` says that no other call can have been the cause."""
        blamed = alone if self.culprit is None else self.culprit == number
        return WorkerDied(
            f"The worker of the package ended: {self.detail}.",
            field="worker",
            value=self.reason,
            blamed=blamed,
        )


def of_exit(code: int) -> Death:
    """Why a process that ended with this code (negative: by this signal) is gone."""
    if code >= 0:
        return Death("exit", f"it left with exit code {code}")
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return Death("signal", f"it was killed by {name}")
