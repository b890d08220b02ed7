"""What a worker uses right now, against its limits."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import psutil

from mixpeek_orchestration.isolation.death import Death
from mixpeek_orchestration.isolation.levels import Limits

_DISK_EVERY_S: Final = 1.0
_MOST_FILES: Final = 100_000
_RESERVE: Final = 1 << 30
"""So much of a disk is left to others by whoever writes to it (a hundredth of a small one)."""


class Watch:
    """Looks at one process and the folders that it writes to."""

    def __init__(self, pid: int, limits: Limits, folders: Sequence[str]) -> None:
        self._process = psutil.Process(pid)
        self._limits = limits
        self._folders = tuple(folders)
        self._disk_at = time.monotonic()

    def breach(self) -> Death | None:
        """The limit that the process breaks, `None` while it keeps them all or is gone."""
        try:
            with self._process.oneshot():
                resident, threads = self._process.memory_info().rss, self._process.num_threads()
        except psutil.Error:
            return None
        if resident > self._limits.resident_bytes:
            return Death("memory", f"it used more than {self._limits.resident_bytes >> 20} MiB of memory")
        if threads > self._limits.threads:
            return Death("threads", f"it started more than {self._limits.threads} threads")
        return self._disk_breach()

    def _disk_breach(self) -> Death | None:
        now = time.monotonic()
        if now - self._disk_at < _DISK_EVERY_S:
            return None
        self._disk_at = now
        used = sum(_size(folder, self._limits.disk_bytes) for folder in self._folders)
        if used + _nameless(self._process.pid) > self._limits.disk_bytes:
            return Death("disk", f"it wrote more than {self._limits.disk_bytes >> 20} MiB of files")
        if any(map(_is_full, self._folders)):
            return Death("disk", "the disk that it writes to is full")
        return None


def _size(folder: str, enough: int) -> int:
    """The bytes on disk under the folder, or something larger than `enough`: also for a tree that is too deep to be
    looked at, where anything could be hidden."""
    total = files = 0
    waiting = [folder]
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except FileNotFoundError:
            continue  # removed in the meantime
        except OSError:
            return enough + 1
        with entries:
            for entry in entries:
                try:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                except FileNotFoundError:
                    continue
                except OSError:
                    return enough + 1
        if total > enough or files > _MOST_FILES:
            return enough + 1
    return total


def _nameless(pid: int) -> int:
    """The bytes of files that the process holds open and has removed: no folder has them. 0 where we may not look."""
    found: dict[tuple[int, int], int] = {}
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for one in descriptors:
            with suppress(OSError):  # closed in the meantime
                state = one.stat()
                if stat.S_ISREG(state.st_mode) and state.st_nlink == 0:
                    found[state.st_dev, state.st_ino] = state.st_blocks * 512
    return sum(found.values())


def _is_full(folder: str) -> bool:
    """Also because of files without a name, wherever they are held."""
    try:
        state = os.statvfs(folder)
    except FileNotFoundError:
        return False
    return state.f_bavail * state.f_frsize < min(_RESERVE, state.f_blocks * state.f_frsize // 100)
