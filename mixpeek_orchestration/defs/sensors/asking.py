"""Asking for a run of something once at a time, decided without Dagster's state in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import dagster as dg

FINISHED: Final = frozenset(
    {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
)


def next_run_key(subject: str, runs: Sequence[tuple[str, dg.DagsterRunStatus]]) -> str | None:
    """The key of the next run about a subject, `None` while one goes on; `runs` are its runs, newest first.

    The key follows from the run before. A daemon that was killed after it made a run and before it launched it finds
    that run under the same key, and launches it; the run after it has another key.
    """
    launched = [(run_id, status) for run_id, status in runs if status is not dg.DagsterRunStatus.NOT_STARTED]
    if launched and launched[0][1] not in FINISHED:
        return None
    return f"{subject}:{launched[0][0] if launched else 'first'}"
