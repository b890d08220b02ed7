"""Judging a stack from what the keeper says and what the services answer."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.cli.stack.health import trouble_of_daemons, trouble_of_locations
from mixpeek_orchestration.cli.stack.keeper import Held
from mixpeek_orchestration.cli.stack.services import Service
from mixpeek_orchestration.cli.stack.status import all_healthy, judge, restarts, summary

API = Service("api", "http://127.0.0.1:8080")


def held(state: str, note: str = "") -> Held:
    """What a keeper says of one process."""
    return Held("api", state, 42 if state == "RUNNING" else None, 7, note)


def test_running_and_answering_is_healthy() -> None:
    """A service is healthy when the keeper runs it and its check found nothing."""
    status = judge(API, held("RUNNING"), None)
    assert (status.healthy, status.state, status.pid, status.trouble) == (True, "running", 42, None)


def test_running_without_an_answer_is_not_healthy() -> None:
    """A process alone is not enough; what is wrong is kept."""
    status = judge(API, held("RUNNING"), "answers 503")
    assert not status.healthy
    assert status.trouble == "answers 503"


@pytest.mark.parametrize(
    ("state", "shown"),
    [("STARTING", "starting"), ("BACKOFF", "restarting"), ("EXITED", "stopped"), ("FATAL", "failed")],
)
def test_whoever_answers_at_the_address_of_a_process_that_does_not_run_is_not_ours(
    state: str, shown: str
) -> None:
    """Without a running process nothing is healthy, even when a check found nothing."""
    status = judge(API, held(state, "exited too quickly"), None)
    assert (status.healthy, status.state, status.trouble) == (False, shown, "exited too quickly")


def test_only_what_the_keeper_gave_up_on_is_hopeless() -> None:
    """A service that is being restarted may still come up; one that failed may not."""
    assert judge(API, held("FATAL"), None).given_up
    assert not judge(API, held("BACKOFF"), None).given_up


def test_without_a_keeper_the_stack_is_down() -> None:
    """No keeper means stopped, and the summary says how to start."""
    statuses = [judge(API, None, None)]
    assert not all_healthy(statuses)
    assert "mixpeek up" in summary(statuses)


def test_the_summary_names_what_is_not_healthy() -> None:
    """One sentence: all is well, or who is not."""
    well, ill = judge(API, held("RUNNING"), None), judge(API, held("RUNNING"), "answers 503")
    assert summary([well]) == "all 1 services are healthy"
    assert summary([well, ill]) == "not healthy: api"


def test_no_services_are_not_healthy() -> None:
    """Nothing is not everything."""
    assert not all_healthy([])


def test_a_service_that_needs_process_after_process_is_noticed() -> None:
    """More processes than the limit since we began to look."""
    assert restarts({"api": {1, 2, 3}, "ray": {4}}, 2) == ["api"]


def location(status: str, error: str | None = None) -> dict[str, object]:
    """The webserver's answer about one code location."""
    entry = {"name": "x", "loadStatus": status, "locationOrLoadError": {"message": error} if error else {}}
    return {"workspaceOrError": {"locationEntries": [entry]}}


def test_definitions_that_do_not_load_are_trouble_with_the_last_line_of_the_reason() -> None:
    """The webserver answers also without definitions; that is not healthy."""
    assert trouble_of_locations(location("LOADED")) is None
    assert trouble_of_locations(location("LOADING")) == "x is loading"
    assert (
        trouble_of_locations(location("LOADED", "Traceback\nValueError: bad\n"))
        == "x does not load: ValueError: bad"
    )
    assert trouble_of_locations({"workspaceOrError": {"locationEntries": []}}) == "shows no code location"


def test_a_heartbeat_from_before_the_process_is_not_its_heartbeat() -> None:
    """A daemon is healthy by a sign of life from this process, not from the one before it."""
    beat = {"daemonType": "SENSOR", "required": True, "healthy": True, "lastHeartbeatTime": 100.0}
    idle = {"daemonType": "MONITORING", "required": False, "healthy": None, "lastHeartbeatTime": None}
    data = {"instance": {"daemonHealth": {"allDaemonStatuses": [beat, idle]}}}
    assert trouble_of_daemons(data, since=99.0) is None
    assert trouble_of_daemons(data, since=101.0) == "no heartbeat of sensor"
