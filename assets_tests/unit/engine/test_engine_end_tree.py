"""Ending a process and all that it started."""

from __future__ import annotations

import subprocess
from typing import Any

import psutil
import pytest

from mixpeek_orchestration.engine.ray_local import end_tree


def test_a_process_that_ends_by_itself_in_that_moment_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look that finds it alive and the signal it may be gone."""
    started = subprocess.Popen(["sleep", "60"])

    def found_alive(processes: list[psutil.Process], **_: Any) -> tuple[list[Any], list[psutil.Process]]:
        started.wait()
        return [], processes

    monkeypatch.setattr(psutil, "wait_procs", found_alive)
    end_tree(started.pid)
    assert not psutil.pid_exists(started.pid)


def test_a_process_that_is_long_gone_is_no_error() -> None:
    """Nothing is left to do."""
    started = subprocess.Popen(["true"])
    started.wait()
    end_tree(started.pid)
