"""A small world around the workers: secrets, sockets and files that nobody inside may reach."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ATTACKS = Path(__file__).with_name("attacks.py")
_THEN = 1_700_000_000_000_000_000


@dataclass(frozen=True)
class World:
    """What a worker wants, and how to see whether it got it."""

    home: Path
    secret: Path
    store: Path
    listener: socket.socket
    local: socket.socket

    def described(self, **more: Any) -> dict[str, Any]:
        """Where everything is: no attack fails because it does not know."""
        return {
            "home": str(self.home),
            "secret": str(self.secret),
            "store": str(self.store),
            "socket": self.local.getsockname(),
            "port": self.listener.getsockname()[1],
            "parent": os.getpid(),
            **more,
        }

    def is_untouched(self) -> bool:
        """Nothing was read into, written to, renamed or reached."""
        state = self.secret.stat()
        return (
            self.secret.read_text() == "the token"
            and (state.st_mode & 0o777, state.st_uid, state.st_mtime_ns) == (0o600, os.getuid(), _THEN)
            and sorted(one.name for one in self.home.iterdir()) == ["token"]
            and not _was_reached(self.listener)
            and not _was_reached(self.local)
            and not Path("/dev/shm/planted").exists()
        )


def _was_reached(listening: socket.socket) -> bool:
    try:
        listening.accept()
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A home with a token, an object store with a link out of it, a TCP port, a unix socket, and credentials in the
    environment of the parent."""
    base = tmp_path_factory.mktemp("world")
    home, store = base / "home", base / "store"
    home.mkdir()
    store.mkdir()
    secret = home / "token"
    secret.write_text("the token")
    secret.chmod(0o600)
    os.utime(secret, ns=(0, _THEN))
    (store / "link").symlink_to(secret)
    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("AWS_SECRET_ACCESS_KEY", "MIXPEEK_API_KEY", "RAY_AUTH_TOKEN", "HF_TOKEN", "PLANTED"):
            patched.setenv(name, "PLANTED")
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(os.path.join(stack.enter_context(TemporaryDirectory(prefix="w-")), "s"))  # names are short
        local.listen()
        listener.setblocking(False)
        local.setblocking(False)
        yield World(home, secret, store, listener, local)
