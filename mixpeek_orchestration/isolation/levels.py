"""How far a package is trusted, and what one call of it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

GIB = 1 << 30


class Level(StrEnum):
    """What a worker may touch.

    `trusted`: everything, in a process of its own. `reviewed`: no programs, no files but its own, TCP to listed ports.
    `untrusted`: the same without any network.
    """

    TRUSTED = "trusted"
    REVIEWED = "reviewed"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True)
class Limits:
    """What a worker may use before it is ended. Wall time counts for one call (`start_s`: until the worker is ready);
    everything else at any moment. `frame_bytes` bounds what it sends at once."""

    call_s: float = 300.0
    start_s: float = 120.0
    resident_bytes: int = 4 * GIB
    file_bytes: int = GIB
    disk_bytes: int = 4 * GIB
    frame_bytes: int = GIB
    open_files: int = 512
    threads: int = 512

    @property
    def data_bytes(self) -> int:
        """The allocations that fail inside the worker, before anyone has to end it."""
        return 2 * self.resident_bytes


@dataclass(frozen=True)
class Network:
    """The TCP ports that a reviewed worker may connect to.

    Landlock knows ports, not addresses: a port that one of our own services (or a cloud's metadata service, port 80)
    listens on must not be here.
    """

    ports: tuple[int, ...] = (53, 443)
