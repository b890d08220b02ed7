"""Keeping Dagster's picture true: one publisher watches the catalog's revision.

Watching the revision, and not being told, also catches changes that another process made or whose notice was lost
in a crash. Changes that follow each other within a second become one snapshot and one reload.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.warehouse.snapshots.reload import Reload
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot

_log = logging.getLogger(__name__)
INTERVAL_S = 0.5
QUIET_S = 1.0
"""A burst of changes is over when there was none for so long."""
LONGEST_BURST_S = 4.0
"""Changes that do not end are published at least so often."""
LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class _Burst:
    """Changes not published yet: the newest revision seen, when they began and when they grew last."""

    revision: int
    began_at: float
    grew_at: float


@dataclass
class Publisher:
    """Publishes a snapshot per change of the catalog and has Dagster reload until it did."""

    revision: Callable[[], int]
    publish: Callable[[], Snapshot]
    reload: Callable[[], Reload]
    interval_s: float = INTERVAL_S
    clock: Callable[[], float] = time.monotonic
    _seen_revision: int = -1
    _burst: _Burst | None = None
    _loaded_hash: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch in the background until `stop`."""
        self._thread = threading.Thread(target=self._watch, name="snapshot-publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def step(self) -> bool:
        """Publish and reload if something changed and the burst of changes is over.

        `False` when Dagster could not be made to show the newest definitions and has to be asked again later.
        """
        revision = self.revision()
        if revision == self._seen_revision or not self._is_over(revision):
            return True
        snapshot = self.publish()
        if snapshot.content_hash != self._loaded_hash:
            outcome = self.reload()
            if outcome.outcome != "reloaded":
                _log.info("Dagster has not reloaded yet: %s", outcome.reason)
                return False
            self._loaded_hash = snapshot.content_hash
        self._seen_revision = revision
        self._burst = None
        return True

    def _is_over(self, revision: int) -> bool:
        """Whether the burst that led to this revision has ended, or has gone on for too long."""
        now = self.clock()
        if self._burst is None or revision != self._burst.revision:
            began_at = self._burst.began_at if self._burst else now
            self._burst = _Burst(revision, began_at, now)
        return (
            now - self._burst.grew_at >= QUIET_S
            or now - self._burst.began_at >= LONGEST_BURST_S
            or self._seen_revision < 0
        )

    def _watch(self) -> None:
        pause = self.interval_s
        while not self._stop.wait(pause):
            pause = self.interval_s if self._step_safely() else min(2 * pause, LONGEST_PAUSE_S)

    def _step_safely(self) -> bool:
        try:
            return self.step()
        except MixpeekError as error:
            _log.warning("The snapshot could not be published: %s", error)
        except Exception:  # noqa: BLE001 - the watcher must outlive a catalog that is briefly away
            _log.exception("The snapshot could not be published")
        return False
