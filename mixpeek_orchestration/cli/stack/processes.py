"""The processes of one stack, found by the mark in their environment, whoever their parent is by now."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

from mixpeek_orchestration.core.errors import Broken

STACK_MARK = "MIXPEEK_STACK"
SERVICE_MARK = "MIXPEEK_SERVICE"
POLL_S = 0.1
KILL_S = 15.0


def marked(stack_id: str, *, service: str | None = None) -> list[psutil.Process]:
    """The living processes of a stack, or of one of its services, except this one and its ancestors."""
    me = psutil.Process()
    spared = {me.pid, *(parent.pid for parent in me.parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in spared and _carries(process, stack_id, service)
    ]


def _carries(process: psutil.Process, stack_id: str, service: str | None) -> bool:
    try:
        environment = process.environ()
        alive = process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):  # it ended meanwhile, or belongs to another user
        return False
    same_service = service is None or environment.get(SERVICE_MARK) == service
    return bool(alive and same_service and environment.get(STACK_MARK) == stack_id)


def end(find: Callable[[], list[psutil.Process]], *, grace_s: float) -> int:
    """Nothing that `find` finds is alive: each was asked to stop and, after the grace, killed.

    Asks again until nothing new shows up, because a process that is stopping may still start another.
    """
    asked: set[psutil.Process] = set()
    started = time.monotonic()
    while remaining := find():
        waited = time.monotonic() - started
        if waited > grace_s + KILL_S:
            raise Broken(
                "Some processes of this stack cannot be ended.",
                value=[process.pid for process in remaining],
                fix="Look at them with ps; they may wait for a disk.",
            )
        for process in remaining:
            if process not in asked or waited > grace_s:
                _signal(process, kill=waited > grace_s)
        asked.update(remaining)
        time.sleep(POLL_S)
    return len(asked)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:  # what was wanted
        return


def environment_mark(stack_id: str) -> dict[str, str]:
    """What puts a process and all it starts into a stack.

    Ray's processes write their title over the environment that the system shows, unless told not to.
    """
    return {STACK_MARK: stack_id, "SPT_NOENV": "1"}
