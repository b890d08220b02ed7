"""What the keeper runs: waits for what the service needs, clears what a dead one left, becomes the service."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

from mixpeek_orchestration.cli.stack.commands import command_of
from mixpeek_orchestration.cli.stack.ray_head import clear_dead_session
from mixpeek_orchestration.cli.stack.services import Service, plan_stack
from mixpeek_orchestration.settings import Settings

NEEDED_WITHIN_S = 180.0


def main(name: str) -> None:
    """Does not return: this process becomes the service."""
    stack = plan_stack(Settings())
    service = stack.service(name)
    for needed in service.needs:
        wait_for(stack.service(needed))
    ray_folder = Path(os.environ["RAY_TMPDIR"])
    if name == "ray":
        clear_dead_session(stack.layout, ray_folder)
    become(service, command_of(name, stack, ray_folder=ray_folder))


def wait_for(needed: Service) -> None:
    """The needed service accepts connections; the keeper tries again later when it does not."""
    host, port = needed.address.rsplit(":", 1)
    deadline = time.monotonic() + NEEDED_WITHIN_S
    while not accepts(host, int(port)):
        if time.monotonic() > deadline:
            sys.exit(f"{needed.name} did not listen on {needed.address} within {NEEDED_WITHIN_S:.0f} s")
        time.sleep(0.2)


def accepts(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def become(service: Service, command: list[str]) -> None:
    """Replaces this process. Ignored or blocked signals would be inherited, and Dagster would not stop."""
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    os.execve(command[0], command, {**os.environ, **service.environment})


if __name__ == "__main__":
    main(sys.argv[1])
