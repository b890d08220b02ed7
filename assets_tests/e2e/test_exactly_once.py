"""One submission is one run, whatever dies in between."""

from __future__ import annotations

from collections import Counter

import psutil
import pytest

from assets_tests.e2e.application import ENDED, Application
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1800)]

BATCHES = 50
PLACES = 2
"""Buckets with a collection each: a table has one writer at a time, and two runs go on at a time."""


def test_fifty_batches_are_fifty_runs_although_the_daemon_is_killed(
    shared_stack: RunningStack, application: Application, dagster: DagsterSite
) -> None:
    """`kill -9` of the daemon while batches are coming in and runs are being made: each gets one run and completes. A run
    that was being launched in that moment never starts, and is retried."""
    batches: list[str] = []
    places = [_place(application, number) for number in range(PLACES)]
    for number in range(BATCHES):
        bucket, objects = places[number % PLACES]
        batches.append(application.submitted(bucket, objects=[objects[number // PLACES]]))
        if number == BATCHES // 2:
            wait_until(lambda: _runs_of(dagster, batches), "the first runs")
            psutil.Process(shared_stack.status()["daemon"]["pid"]).kill()

    wait_until(
        lambda: all(application.batch(batch).get("status") in ENDED for batch in batches),
        "the end of all batches",
        within_s=1_500,
    )

    assert {application.batch(batch)["status"] for batch in batches} == {"COMPLETED"}
    assert _runs_of(dagster, batches) == dict.fromkeys(batches, 1)


def _place(application: Application, number: int) -> tuple[str, list[str]]:
    texts = [f"text {number} {position}" for position in range(BATCHES // PLACES)]
    bucket = application.bucket(f"once-{number}")
    objects = application.put(bucket, texts)
    application.collection(f"once-{number}", bucket, extractor="word_vectors")
    return bucket, objects


def _runs_of(dagster: DagsterSite, batches: list[str]) -> dict[str, int]:
    """How many runs were asked for, retries aside, for each of the batches that have any."""
    asked = [run["tags"] for run in dagster.runs() if "dagster/parent_run_id" not in run["tags"]]
    counted = Counter(tags.get("mixpeek/batch") for tags in asked)
    return {batch: counted[batch] for batch in batches if counted[batch]}
