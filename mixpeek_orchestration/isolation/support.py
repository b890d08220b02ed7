"""Whether this kernel can keep a package in, and the refusal when it cannot."""

from __future__ import annotations

import importlib.util
import platform
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mixpeek_orchestration.core.errors import Unschedulable
from mixpeek_orchestration.isolation import landlock
from mixpeek_orchestration.isolation.levels import Level

_NEEDED_ABI: Final = {Level.UNTRUSTED: 3, Level.REVIEWED: landlock.NET_ABI}
"""Before 3, files outside could be truncated; before 4, Landlock knows nothing of ports."""


@dataclass(frozen=True)
class Support:
    """What the kernel and the libraries here offer."""

    system: str
    machine: str
    landlock_abi: int
    seccomp: bool


@lru_cache(maxsize=1)
def probe() -> Support:
    """What this machine offers."""
    if not sys.platform.startswith("linux"):
        return Support(platform.system(), platform.machine(), 0, seccomp=False)
    return Support("Linux", platform.machine(), landlock.abi(), _has_seccomp())


def missing(level: Level, support: Support) -> str | None:
    """What is not there that this level needs, `None` when a package can be kept in."""
    if level is Level.TRUSTED:
        return None
    if support.system != "Linux":
        return f"it needs Linux, and this is {support.system}"
    if not support.seccomp:
        return "it needs seccomp and the library libseccomp2, which is not here"
    needed = _NEEDED_ABI[level]
    if support.landlock_abi < needed:
        return f"it needs Landlock {needed}, and this kernel has {support.landlock_abi or 'none'}"
    return None


def require(level: Level, support: Support) -> None:
    """Raises `Unschedulable` when this machine cannot isolate to the level; nothing is ever run at a lower one."""
    reason = missing(level, support)
    if reason is not None:
        raise Unschedulable(
            f"A package cannot run as {level.value!r} on this machine: {reason}.",
            field="isolation",
            value=level.value,
            fix="Use a Linux kernel of at least 6.7 with Landlock enabled, or give the package to a machine that has one.",
        )


def _has_seccomp() -> bool:
    if importlib.util.find_spec("pyseccomp") is None:
        return False
    try:
        import pyseccomp  # noqa: F401 - it looks for the C library when it is imported
    except (RuntimeError, OSError):
        return False
    return True
