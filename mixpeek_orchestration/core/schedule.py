"""Schedules as people write them: a cron expression, or an interval that a clock can keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput

_EVERY: Final = re.compile(r"every\s+(?:(\d+)\s*)?(m|min|minutes?|h|hours?|d|days?|w|weeks?)$")
_FIELDS: Final = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("day of the week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_ALIASES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
_PART: Final = re.compile(r"(\*|[a-z0-9]+(?:-[a-z0-9]+)?)(?:/(\d+))?$")


def cron_of(schedule: str) -> str:
    """The cron expression (UTC) of a schedule: cron itself, or `every 6h`, `every 15 minutes`, `every day`.

    Raises `InvalidInput` for what is neither, and for an interval that does not divide the hour, day or week it is
    part of: cron would keep it unevenly.
    """
    text = " ".join(schedule.strip().lower().split())
    if text in _ALIASES:
        return _ALIASES[text]
    every = _EVERY.match(text)
    if every:
        return _interval(int(every[1] or 1), every[2][0], schedule)
    parts = text.split(" ")
    if len(parts) != len(_FIELDS):
        raise _wrong(schedule, "It has neither five fields nor the form 'every 6h'.")
    for part, (name, low, high, names) in zip(parts, _FIELDS, strict=True):
        for one in part.split(","):
            if not _fits(one, low, high, names):
                raise _wrong(schedule, f"The {name} {part!r} is not between {low} and {high}.")
    return " ".join(parts)


def schedule_text(said: object) -> object:
    """The contract's object form as the text that means the same; anything else as it is.

    Raises `InvalidInput` for an object that says nothing that can be kept.
    """
    if not isinstance(said, Mapping):
        return said
    config = said.get("schedule_config")
    unknown = set(said) - {"trigger_type", "schedule_config", "description"}
    if unknown or not isinstance(config, Mapping):
        raise _wrong(str(dict(said)), "It needs trigger_type and schedule_config, and nothing else.")
    if said.get("trigger_type") == "cron" and config.get("timezone") in (None, "UTC"):
        return str(config.get("cron_expression", ""))
    seconds = config.get("interval_seconds")
    if said.get("trigger_type") == "interval" and isinstance(seconds, int) and seconds % 60 == 0:
        return f"every {seconds // 3600}h" if seconds % 3600 == 0 else f"every {seconds // 60}m"
    raise _wrong(str(dict(said)), "Times are UTC, and intervals whole minutes.")


def schedule_answer(schedule: str | None) -> dict[str, Any] | None:
    """A schedule in the contract's object form; `description` is what was said."""
    if schedule is None:
        return None
    config = {"cron_expression": cron_of(schedule), "timezone": "UTC"}
    return {"trigger_type": "cron", "schedule_config": config, "description": schedule}


def _interval(count: int, unit: str, schedule: str) -> str:
    whole = {"m": 60, "h": 24, "d": 1, "w": 1}[unit]
    if count < 1 or whole % count:
        fitting = [n for n in range(1, whole + 1) if whole % n == 0]
        raise _wrong(schedule, f"{count}{unit} does not divide evenly; these do: {fitting}.")
    if unit == "m":
        return "0 * * * *" if count == 60 else f"*/{count} * * * *"
    if unit == "h":
        return "0 0 * * *" if count == 24 else f"0 */{count} * * *"
    return "0 0 * * *" if unit == "d" else "0 0 * * 0"


def _fits(part: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    match = _PART.match(part)
    if match is None or (match[2] is not None and int(match[2]) < 1):
        return False
    if match[1] == "*":
        return True
    ends = [names.index(end) + low if end in names else end for end in match[1].split("-")]
    numbers = [int(end) for end in ends if str(end).isdigit()]
    return len(numbers) == len(ends) and all(low <= n <= high for n in numbers) and numbers == sorted(numbers)


def _wrong(schedule: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{schedule!r} is not a schedule. {why}",
        field="schedule",
        value=schedule,
        fix="Write cron, such as '0 3 * * *', or an interval, such as 'every 6h'.",
    )
