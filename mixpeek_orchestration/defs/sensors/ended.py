"""What the end of a run means for its batch, decided without Dagster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LastRun:
    """The newest run that was made for a batch: how it stands, and whether another one follows by itself.

    `will_retry` is `None` while Dagster has not decided yet.
    """

    status: Literal["going", "succeeded", "failed", "canceled"]
    will_retry: bool | None = False
    reason: str = ""


def settled(run: LastRun) -> tuple[Literal["fail", "cancel"], str] | None:
    """What becomes of a batch that has not ended although it has this last run; `None` while something goes on."""
    if run.status == "going":
        return None
    if run.status == "canceled":
        return "cancel", "The run was canceled."
    if run.status == "succeeded":
        return "fail", "The run ended, but not every collection of the batch was part of it."
    if run.will_retry is False:
        return "fail", run.reason or "The run failed."
    return None
