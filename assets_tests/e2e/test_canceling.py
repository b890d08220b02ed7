"""A batch that runs on Ray is canceled, over HTTP or with the button in the UI: it ends, and nothing is lost or repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assets_tests.e2e.application import Application, done
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.running_stack import RunningStack, wait_until
from mixpeek_orchestration.engine.chunks import MIN_ITEMS

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

OBJECTS = 240
SECONDS = 0.5
"""A chunk takes eight seconds, longer than a run is left alone with a cancel that it has not noticed."""
TERMINATE = """
mutation Terminate($run: String!) { terminateRun(runId: $run) { __typename } }
"""
Act = Callable[[Application, DagsterSite, str, str], None]


@pytest.fixture(scope="module")
def application(ray_stack: RunningStack) -> Iterator[Application]:
    """An application that talks to the stack on which everything runs on Ray."""
    with ray_stack.client() as client:
        yield Application(client)


def over_http(application: Application, _: DagsterSite, bucket: str, batch: str) -> None:
    """What an application does."""
    canceled = done(application.http.post(f"/buckets/{bucket}/batches/{batch}/cancel"))
    assert canceled["status"] == "CANCELED"


def in_the_ui(_: Application, site: DagsterSite, __: str, batch: str) -> None:
    """What the button Terminate does."""
    [run] = site.runs({"mixpeek/batch": batch})
    assert site.ask(TERMINATE, run=run["runId"])["terminateRun"]["__typename"] == "TerminateRunSuccess"


@pytest.mark.parametrize("act", [over_http, in_the_ui])
def test_a_running_batch_is_canceled(
    ray_stack: RunningStack, application: Application, act: Act, tmp_path: Path
) -> None:
    """In the middle of its work: what is committed stays, everything is accounted for, its run ends canceled with its
    workers, and the next submission extracts what is left."""
    site, name = DagsterSite(ray_stack.url("webserver")), f"canceled_{act.__name__}"
    log = tmp_path / "extractions.log"
    log.touch()
    bucket = application.bucket(name, [f"{name} {number}" for number in range(OBJECTS)])
    parameters = {"seconds": SECONDS, "log": str(log)}
    collection = application.collection(name, bucket, extractor="sleepy", parameters=parameters)
    batch = application.submitted(bucket, collections=[collection])
    wait_until(lambda: application.documents(collection), "a first commit")

    act(application, site, bucket, batch)

    [run] = wait_until(lambda: _ended_runs(site, batch), f"the end of the run\n{ray_stack.logs()}")
    assert run["status"] == "CANCELED"
    wait_until(lambda: not ray_stack.run_workers(), "the end of the process of the run")
    wait_until(lambda: not _extracting(ray_stack), "the end of its workers on Ray")
    told = _batch(application, batch)
    assert told["status"] == "CANCELED", told
    tier = _account(application, bucket, batch)
    committed = len(application.documents(collection))
    assert tier["submitted"] == OBJECTS
    assert (tier["written"], tier["not_run"]) == (committed, OBJECTS - committed)
    assert MIN_ITEMS <= committed < OBJECTS

    done(application.http.post(f"/buckets/{bucket}/batches/{batch}/submit", json={}))
    assert application.ended(batch)["status"] == "COMPLETED"
    assert Counter(document["text"] for document in application.documents(collection)) == Counter(
        f"{name} {number}" for number in range(OBJECTS)
    )
    tier = _account(application, bucket, batch)
    assert (tier["unchanged"], tier["written"]) == (committed, OBJECTS - committed)


def _ended_runs(site: DagsterSite, batch: str) -> list[dict[str, Any]]:
    runs = site.runs({"mixpeek/batch": batch})
    return [run for run in runs if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]


def _batch(application: Application, batch: str) -> dict[str, Any]:
    return done(application.http.get(f"/batches/{batch}"))


def _account(application: Application, bucket: str, batch: str) -> dict[str, Any]:
    """What became of every item in the one tier."""
    [tier] = done(application.http.get(f"/buckets/{bucket}/batches/{batch}/audit"))["summary"].values()
    account: dict[str, Any] = tier
    return account


def _extracting(stack: RunningStack) -> list[int]:
    return [process.pid for process in stack.processes("ray") if "MapWorker" in " ".join(process.cmdline())]
