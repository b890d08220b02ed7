"""Finding and ending the processes of one stack, and what they inherit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.lock import stack_lock
from mixpeek_orchestration.cli.stack.processes import SERVICE_MARK, end, environment_mark, marked
from mixpeek_orchestration.core.errors import NotReady

DEADLINE_S = 30.0
SLEEP = "import time; time.sleep(600)"
STUBBORN = (
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {SLEEP}"
)
ORPHANING = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True)
print(child.pid, flush=True)
"""


@pytest.fixture
def stack_id() -> Iterator[str]:
    """A mark of its own for each test; whatever still carries it afterwards is ended."""
    mark = uuid4().hex[:10]
    yield mark
    end(lambda: marked(mark), grace_s=0)


def start(stack_id: str, code: str, **environment: str) -> subprocess.Popen[str]:
    """A marked process."""
    marks = {**environment_mark(stack_id), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, **marks}, stdout=subprocess.PIPE, text=True
    )


def test_an_orphan_in_another_session_is_found_and_ended(stack_id: str) -> None:
    """A process belongs to its stack also when its parent is gone and it left session and group."""
    parent = start(stack_id, ORPHANING)
    assert parent.stdout is not None
    orphan = int(parent.stdout.readline())
    parent.wait(DEADLINE_S)
    assert [process.pid for process in marked(stack_id)] == [orphan]
    end(lambda: marked(stack_id), grace_s=10)
    assert not marked(stack_id)


def test_a_process_that_ignores_the_request_is_killed_after_the_grace(stack_id: str) -> None:
    """SIGTERM first, SIGKILL for what is left."""
    stubborn = start(stack_id, STUBBORN)
    assert stubborn.stdout is not None
    assert stubborn.stdout.readline() == "ready\n"
    end(lambda: marked(stack_id), grace_s=0.3)
    assert stubborn.wait(DEADLINE_S) == -signal.SIGKILL


def test_one_service_is_told_from_the_others_and_other_stacks_are_left_alone(stack_id: str) -> None:
    """Ending Ray's remnants touches neither the API of the stack nor another stack's Ray."""
    ours = start(stack_id, SLEEP, **{SERVICE_MARK: "ray"})
    api = start(stack_id, SLEEP, **{SERVICE_MARK: "api"})
    others = start(f"{stack_id}x", SLEEP, **{SERVICE_MARK: "ray"})
    try:
        end(lambda: marked(stack_id, service="ray"), grace_s=10)
        assert ours.wait(DEADLINE_S) == -signal.SIGTERM
        assert api.poll() is None
        assert others.poll() is None
    finally:
        others.kill()
        others.wait()


def test_the_caller_is_not_ended_by_its_own_command(stack_id: str) -> None:
    """A command that runs inside the stack spares itself and its parents."""
    code = f"from mixpeek_orchestration.cli.stack.processes import marked; print(marked({stack_id!r}))"
    inside = start(stack_id, code)
    assert inside.communicate(timeout=DEADLINE_S)[0] == "[]\n"


def test_a_service_starts_with_default_signal_handlers() -> None:
    """Dagster's code server ignores SIGTERM for ever when it is started with SIGINT ignored."""
    code = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
from mixpeek_orchestration.cli.stack.launch import become
from mixpeek_orchestration.cli.stack.services import Service
become(Service("x"), ["/bin/cat", "/proc/self/status"])
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    masks = dict(line.split(":\t") for line in answer.splitlines() if line.startswith("Sig"))
    known = sum(1 << (number - 1) for number in signal.valid_signals())  # the C library keeps two for itself
    assert int(masks["SigIgn"], 16) & known == 0
    assert int(masks["SigBlk"], 16) & known == 0


def test_two_commands_do_not_change_one_stack_at_once(tmp_path: Path) -> None:
    """The second waits; when its patience ends, an error says why. A dead holder holds nothing."""
    layout = Layout(tmp_path)
    with stack_lock(layout), pytest.raises(NotReady, match="still at work"), stack_lock(layout, wait_s=0):
        pass
    holder = subprocess.Popen([sys.executable, "-c", _hold(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with stack_lock(layout, wait_s=DEADLINE_S):
        assert layout.lock.exists()


def _hold(root: Path) -> str:
    return f"""
from pathlib import Path
from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.lock import stack_lock
with stack_lock(Layout(Path({str(root)!r}))):
    print("held", flush=True)
    {SLEEP}
"""
