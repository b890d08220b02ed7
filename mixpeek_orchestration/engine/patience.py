"""Trying again what may go away by itself: in rounds over all that waits, so that an outage costs its waits once.

The others go on: only what failed transiently waits, after all the rest has been done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_exponential_jitter

from mixpeek_orchestration.core.transience import Patience

T = TypeVar("T")


def in_rounds(
    patience: Patience, work: Sequence[T], attempt: Callable[[Sequence[T], bool], Sequence[T]]
) -> None:
    """Call `attempt` with the work, then with what it gave back, until that is nothing or it was the last round, which
    its second argument says."""
    waiting = work

    def one_round() -> Sequence[T]:
        nonlocal waiting
        is_last = rounds.statistics["attempt_number"] >= patience.attempts
        waiting = attempt(waiting, is_last)
        return waiting

    rounds = Retrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait_exponential_jitter(
            initial=patience.first_wait_s, max=patience.longest_wait_s, jitter=patience.first_wait_s
        ),
        retry=retry_if_result(bool),
        retry_error_callback=_ends_here,
    )
    rounds(one_round)


def _ends_here(_: RetryCallState) -> None:
    """What is left after the last round was recorded as failed by whoever tried it."""
