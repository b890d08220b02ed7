"""When to ask again for an endpoint that does not come up, decided without Dagster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

FIRST_PAUSE_S: Final = 10.0
LONGEST_PAUSE_S: Final = 600.0
MAX_ATTEMPTS: Final = 8


@dataclass(frozen=True)
class Attempts:
    """How often a deployment of `wanted_fp` was asked for, and not before when it is asked for again."""

    wanted_fp: str
    count: int = 0
    not_before: float = 0.0

    def may_ask(self, now: float) -> bool:
        return self.count < MAX_ATTEMPTS and now >= self.not_before

    @property
    def is_given_up(self) -> bool:
        return self.count >= MAX_ATTEMPTS

    def asked(self, now: float) -> Attempts:
        """One more attempt, and a pause after it that doubles each time."""
        pause = min(FIRST_PAUSE_S * 2**self.count, LONGEST_PAUSE_S)
        return replace(self, count=self.count + 1, not_before=now + pause)


def attempts_for(seen: Attempts | None, wanted_fp: str) -> Attempts:
    """What is wanted now has its own attempts: a change of the code starts afresh."""
    return seen if seen is not None and seen.wanted_fp == wanted_fp else Attempts(wanted_fp)
