"""The files of snapshots: one under its hash, for runs that are pinned to it, and the current one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from mixpeek_orchestration.core.errors import Broken, NotFound
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot, snapshot_from, snapshot_text

CURRENT: Final = "current.json"
KEPT_FILES: Final = 100
KEPT_S: Final = 7 * 24 * 3600.0


def write_snapshot(snapshot: Snapshot, folder: Path) -> None:
    """Put the snapshot under its hash and make it the current one, both atomically; forget files of last week."""
    folder.mkdir(parents=True, exist_ok=True)
    text = snapshot_text(snapshot)
    for name in (_file_name(snapshot.content_hash), CURRENT):
        partial = folder / f".{name}.{os.getpid()}.partial"
        partial.write_text(text)
        os.replace(partial, folder / name)
    _forget_old(folder, keep=snapshot.content_hash)


def read_snapshot(folder: Path, content_hash: str | None = None) -> Snapshot:
    """The current snapshot (an empty one before the first is published), or the one with this hash.

    Raises `NotFound` for a hash that is not there, and `Broken` for a file that is not JSON.
    """
    path = folder / (_file_name(content_hash) if content_hash else CURRENT)
    try:
        return snapshot_from(path.read_text())
    except FileNotFoundError as error:
        if content_hash is None:
            return Snapshot()
        raise NotFound(
            f"The snapshot {content_hash} that this run was launched with is gone from {folder}.",
            field="snapshot",
            value=content_hash,
            fix="Submit the batch again, or launch the run again.",
        ) from error
    except ValueError as error:
        raise Broken(
            f"{path} is not a snapshot.", value=str(path), fix="Delete it and run `mixpeek apply` again."
        ) from error


def _file_name(content_hash: str) -> str:
    return f"{content_hash}.json"


def _forget_old(folder: Path, *, keep: str) -> None:
    """Runs may be pinned to older snapshots: a file goes only when it is neither recent nor among the newest."""
    pinned = [path for path in folder.glob("*.json") if path.name not in (CURRENT, _file_name(keep))]
    newest_first = sorted(pinned, key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[KEPT_FILES:]:
        if path.stat().st_mtime < time.time() - KEPT_S:
            path.unlink(missing_ok=True)
