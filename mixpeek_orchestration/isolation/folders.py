"""The folders of workers: each is locked by its owner for as long as the owner lives, and swept when it does not."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

_PREFIX: Final = "mixpeek-worker-"
_YOUNG_S: Final = 60.0
"""A folder this new may belong to an owner that has not locked it yet."""


class WorkerFolder:
    """A new private folder. It may hold content of objects, so it does not outlast its owner for long: whoever makes the
    next one removes what killed owners have left."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        sweep(self.path.parent)

    def remove(self) -> None:
        """The folder and all in it are gone."""
        remove(self.path)
        os.close(self._lock)


def remove(folder: Path) -> None:
    """The folder is gone, whatever a package has made of it: trees deeper than Python's stack, or than a path is long."""
    subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)


def sweep(parent: Path, *, young_s: float = _YOUNG_S) -> None:
    """Removes the folders of workers in `parent` whose owner is gone."""
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < young_s:
                continue
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # it is gone already, or somebody else's
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)
        except BlockingIOError:
            continue  # its owner lives
        finally:
            os.close(handle)
