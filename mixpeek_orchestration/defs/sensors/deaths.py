"""Telling dead runs from slow ones, decided without Dagster."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

GRACE_S: Final = 60.0
"""A run holds its lease from its first step to its last. It starts and ends within seconds of that, so one that has
been seen without a lease for this long has lost its process outside of it."""


@dataclass(frozen=True)
class Deaths:
    """The runs that are dead, with how one knows, and since when others have been without a lease."""

    dead: Mapping[str, str] = field(default_factory=dict)
    missing_since: Mapping[str, float] = field(default_factory=dict)


def find_deaths(
    in_progress: Iterable[str],
    *,
    leased: AnyOf[str],
    dead_leases: AnyOf[str],
    missing_since: Mapping[str, float],
    now: float,
) -> Deaths:
    """`leased` are the ids of runs with any lease, `dead_leases` of those whose lease or process has ended."""
    dead: dict[str, str] = {}
    missing: dict[str, float] = {}
    for run_id in in_progress:
        if run_id in dead_leases:
            dead[run_id] = "its process has died: its lease is no longer renewed"
        elif run_id not in leased:
            missing[run_id] = missing_since.get(run_id, now)
            if now - missing[run_id] >= GRACE_S:
                dead[run_id] = f"no process has worked on it for {GRACE_S:.0f} seconds"
    return Deaths(dead, {run_id: since for run_id, since in missing.items() if run_id not in dead})
