"""What a process has used: CPU seconds with its ended children's, the most memory that was resident, and dollars."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, field

from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.core.spending.spending import paid_usd


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_rss_bytes() -> int:
    """The most memory that this process ever had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass
class Meter:
    """Adds up what this process uses while the meter is entered."""

    runner: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    api_usd: float = 0.0
    _started: tuple[float, float, float] = field(default=(0.0, 0.0, 0.0))

    def __enter__(self) -> Meter:
        self._started = (time.monotonic(), cpu_seconds(), paid_usd())
        return self

    def __exit__(self, *exc: object) -> None:
        wall, cpu, paid = self._started
        self.wall_s += time.monotonic() - wall
        self.cpu_s += cpu_seconds() - cpu
        self.api_usd += paid_usd() - paid

    def read(self) -> Usage:
        """What was used so far."""
        return Usage(
            wall_s=self.wall_s,
            cpu_s=self.cpu_s,
            peak_rss_bytes=peak_rss_bytes(),
            runner=self.runner,
            api_usd=self.api_usd,
        )
