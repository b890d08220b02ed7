"""One reload for what several publishers publish at once: they share what Dagster was last asked to load."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixpeek_orchestration.core.ports.leases import LeaseCatalog
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot
from mixpeek_orchestration.warehouse.snapshots.reload import Reload

RELOAD_LEASE: Final = "reload"
RECORD: Final = "loaded"
"""The file beside the snapshots that names the one which Dagster loaded last."""


@dataclass(frozen=True)
class ReloadOnce:
    """Asks for a reload unless another process has already asked for one since the current snapshot was published."""

    leases: LeaseCatalog
    snapshots: Path
    ask: Callable[[], Reload]
    wait_s: float = 60.0

    def __call__(self) -> Reload:
        """What came of asking, or `reloaded` when Dagster shows the current snapshot already."""
        with hold(self.leases, RELOAD_LEASE, wait_s=self.wait_s):
            current = read_snapshot(self.snapshots).content_hash
            record = self.snapshots / RECORD
            if record.exists() and record.read_text() == current:
                return Reload("reloaded")
            # What Dagster shows is not known while it is asked, and after it has refused.
            record.unlink(missing_ok=True)
            outcome = self.ask()
            if outcome.outcome == "reloaded":
                draft = record.with_suffix(f".{os.getpid()}")
                draft.write_text(current)
                draft.replace(record)
            return outcome
