"""Waiting until a version answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from mixpeek_orchestration.cli.plugin import rollout
from mixpeek_orchestration.cli.plugin.connected import Session
from mixpeek_orchestration.cli.plugin.rollout import brought_up
from mixpeek_orchestration.core.errors import NotReady


class Deploying:
    """A server whose deployment is in one state after the other, and stays in the last."""

    def __init__(self, states: Sequence[str]) -> None:
        self._states: Iterator[str] = iter(states)
        self._last = ""

    def deploy(self, identifier: str, *, batch_only: bool) -> dict[str, Any]:
        """The first state."""
        del batch_only
        return self.status(identifier)

    def status(self, identifier: str) -> dict[str, Any]:
        """The next state."""
        self._last = next(self._states, self._last)
        return {"plugin_id": identifier, "status": self._last}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polling does not pause."""
    monkeypatch.setattr(rollout, "_PAUSE_S", 0.0)


def session(*states: str) -> Session:
    """A session with a server that goes through these states."""
    made = Session()
    made.__dict__["server"] = Deploying(states)
    return made


@pytest.mark.parametrize("last", ["deployed", "failed"])
def test_it_waits_until_nothing_moves(last: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The last state is the answer, and every state on the way is told once."""
    state = brought_up(session("queued", "queued", "in_progress", "in_progress", last), "words_1_0_0")
    assert state == {"plugin_id": "words_1_0_0", "status": last}
    told = capsys.readouterr().err
    assert [told.count(f": {name}") for name in ("queued", "in_progress", last)] == [1, 1, 1]


def test_it_does_not_wait_when_told_so() -> None:
    """Without waiting the first state is the answer."""
    assert brought_up(session("queued", "deployed"), "words_1_0_0", wait=False)["status"] == "queued"


def test_its_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never settles is an error that says how to look again."""
    monkeypatch.setattr(rollout, "_PATIENCE_S", 0.0)
    with pytest.raises(NotReady, match="still in_progress"):
        brought_up(session("in_progress"), "words_1_0_0")
