"""Shutting the jail: limits, no privileges, files, system calls. Runs in the worker before any code of a package."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from mixpeek_orchestration.isolation import landlock, seccomp
from mixpeek_orchestration.isolation.levels import Level, Limits

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 1, 4, 38, 24
_CAPABILITIES_V3: Final = 0x20080522
_LAST_CAPABILITY: Final = 63


@dataclass(frozen=True)
class Jail:
    """What one worker may reach, as plain data. `takable` is read, and files in it may be removed; `executable` is empty
    for packages, which start no programs."""

    level: Level
    limits: Limits
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    takable: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    executable: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """The jail as JSON."""
        return asdict(self)

    @classmethod
    def from_wire(cls, plain: Mapping[str, Any]) -> Self:
        """The jail that `to_wire` wrote."""
        lists = ("readable", "writable", "takable", "devices", "executable", "ports")
        return cls(
            Level(plain["level"]), Limits(**plain["limits"]), **{name: tuple(plain[name]) for name in lists}
        )

    def enter(self, parent: int) -> None:
        """From now on this process is inside, and ends with its parent. Raises `OSError` when the kernel refuses; then
        nothing of a package may run."""
        _end_with(parent)
        _limit(self.limits, everything=self.level is not Level.TRUSTED)
        if self.level is Level.TRUSTED:
            return
        if threading.active_count() != 1:
            raise OSError("The jail must be shut before there are threads.")
        import pyseccomp  # noqa: F401 - looks for the C library by running a program, which is soon impossible

        _drop_privileges()
        landlock.restrict(self._rules(), self.ports if self.level is Level.REVIEWED else ())
        seccomp.install(
            network=self.level is Level.REVIEWED,
            programs=bool(self.executable),
            shared_memory=any(device.startswith("/dev/nvidia") for device in self.devices),
        )

    def _rules(self) -> list[tuple[Path, int]]:
        groups = (
            (self.readable, landlock.READ),
            (self.writable, landlock.WRITE),
            (self.takable, landlock.TAKE),
            (self.devices, landlock.DEVICE),
            (self.executable, landlock.READ | landlock.EXECUTE),
        )
        return [(Path(path), rights) for paths, rights in groups for path in paths]


def _end_with(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before the kernel was told


def _limit(limits: Limits, *, everything: bool) -> None:
    """A core file would hold content, so nobody gets one."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not everything:
        return
    wanted = {
        resource.RLIMIT_DATA: limits.data_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def _drop_privileges() -> None:
    """No capability, even for root; none to be gained; no other process may look into this one."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(_LAST_CAPABILITY + 1):
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # refused for one that is not there
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "The capabilities could not be dropped.")
    _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused.")
