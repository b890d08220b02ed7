"""Schedules as people write them."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.schedule import cron_of


@pytest.mark.parametrize(
    ("said", "cron"),
    [
        ("every 6h", "0 */6 * * *"),
        ("Every 15 minutes", "*/15 * * * *"),
        ("every hour", "0 */1 * * *"),
        ("every 60m", "0 * * * *"),
        ("every day", "0 0 * * *"),
        ("every 24 hours", "0 0 * * *"),
        ("every week", "0 0 * * 0"),
        ("0 3 * * mon-fri", "0 3 * * mon-fri"),
        ("*/5 8-18 1,15 jan *", "*/5 8-18 1,15 jan *"),
        ("@daily", "0 0 * * *"),
    ],
)
def test_a_schedule_is_cron_or_an_interval(said: str, cron: str) -> None:
    """Both end in a cron expression, in UTC."""
    assert cron_of(said) == cron


@pytest.mark.parametrize(
    "said",
    [
        "",
        "every 7h",
        "every 0m",
        "every 45 minutes",
        "soon",
        "0 3 * *",
        "60 * * * *",
        "* * * * 8",
        "5-1 * * * *",
    ],
)
def test_what_cannot_be_kept_is_refused_with_what_can(said: str) -> None:
    """The error names the field and shows both forms."""
    with pytest.raises(InvalidInput, match="every 6h") as caught:
        cron_of(said)
    assert caught.value.field == "schedule"
