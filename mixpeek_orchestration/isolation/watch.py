"""What a worker uses right now, against its limits."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Final

import psutil

from mixpeek_orchestration.isolation.death import Death
from mixpeek_orchestration.isolation.levels import Limits

_DISK_EVERY_S: Final = 1.0
_MOST_FILES: Final = 100_000


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
        if sum(_size(folder, self._limits.disk_bytes) for folder in self._folders) <= self._limits.disk_bytes:
            return None
        return Death("disk", f"it wrote more than {self._limits.disk_bytes >> 20} MiB of files")


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
                except FileNotFoundError:
                    continue
                files += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        if total > enough or files > _MOST_FILES:
            return enough + 1
    return total
