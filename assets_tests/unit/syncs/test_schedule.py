"""Schedules as people write them."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.schedule import cron_of, schedule_answer
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.specs import CollectionSpec


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


def collection(schedule: object) -> CollectionSpec:
    source = {"type": "bucket", "bucket_ids": ["b"]}
    extractor = {"feature_extractor_name": "x"}
    body = {"collection_name": "c", "source": source, "feature_extractor": extractor, "schedule": schedule}
    return validated(CollectionSpec, body)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, None),
        ("every 6h", "every 6h"),
        ({"trigger_type": "cron", "schedule_config": {"cron_expression": "0 3 * * *"}}, "0 3 * * *"),
        ({"trigger_type": "interval", "schedule_config": {"interval_seconds": 21600}}, "every 6h"),
        ({"trigger_type": "interval", "schedule_config": {"interval_seconds": 900}}, "every 15m"),
    ],
)
def test_the_contracts_form_means_the_same(said: object, kept: str | None) -> None:
    """A collection takes text and the contract's object, keeps text, and answers with the object."""
    assert collection(said).schedule == kept
    answer = schedule_answer(kept)
    assert answer is None or collection(answer).schedule == cron_of(kept or "")


@pytest.mark.parametrize(
    "said",
    [
        "every 7h",
        5,
        {"trigger_type": "cron"},
        {"trigger_type": "cron", "schedule_config": {"cron_expression": "0 3 * * *", "timezone": "CET"}},
        {"trigger_type": "interval", "schedule_config": {"interval_seconds": 90}},
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused_by_the_spec(said: object) -> None:
    """The error is about the field `schedule`."""
    with pytest.raises(InvalidInput) as caught:
        collection(said)
    assert (caught.value.field or "").startswith("schedule")
