"""The last queries of each namespace, kept so that generations can be compared on what people really ask.

Queries are content: they stay in the catalog, for a limited number and time, and are in no log. An answer never waits
for them to be written.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.ports.migrations import LoggedQuery, QueryCatalog

MAX_AGE_S: Final = 30 * 24 * 3600.0
MAX_BYTES: Final = 4_000
EVERY_S: Final = 1.0

_log = logging.getLogger(__name__)


class QueryLog:
    """Keeps the last `limit` queries per namespace; none with a limit of 0. For several threads."""

    def __init__(self, queries: QueryCatalog, *, limit: int, clock: Callable[[], float] = time.time) -> None:
        self._queries = queries
        self._limit = limit
        self._clock = clock
        self._waiting: deque[LoggedQuery] = deque(maxlen=max(1, limit))
        self._lock = threading.Lock()
        self._written_at = 0.0
        self._writer: ThreadPoolExecutor | None = None

    def note(self, namespace_id: str, retriever_id: str, inputs: Mapping[str, Any]) -> None:
        """Keep what a retriever was asked; long inputs (files, vectors) are left out. Written at most once a second,
        by a thread of its own, so that a busy catalog delays nobody."""
        if not self._limit or not _is_small(inputs):
            return
        now = self._clock()
        with self._lock:
            self._waiting.append(LoggedQuery(namespace_id, retriever_id, dict(inputs), now))
            if now - self._written_at < EVERY_S:
                return
            self._written_at = now
            if self._writer is None:
                self._writer = ThreadPoolExecutor(1, thread_name_prefix="query-log")
            self._writer.submit(self.flush)

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[LoggedQuery]:
        """The newest first, with what this process has not written yet."""
        self.flush()
        return self._queries.recent(namespace_id, limit=limit)

    def forget(self, namespace_id: str) -> int:
        """Remove all queries of a namespace; returns how many there were."""
        self.flush()
        return self._queries.forget(namespace_id)

    def flush(self) -> None:
        """Write what waits. What cannot be written is lost: a sample of queries is not worth an error."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        try:
            self._queries.keep(waiting, limit=self._limit, since=self._clock() - MAX_AGE_S)
        except MixpeekError as error:
            _log.warning("%d queries were not kept for comparisons: %s", len(waiting), error.message)

    def close(self) -> None:
        """Write what waits and end the thread."""
        if self._writer is not None:
            self._writer.shutdown()
        if self._waiting:
            self.flush()


def _is_small(inputs: Mapping[str, Any]) -> bool:
    try:
        return len(json.dumps(dict(inputs))) <= MAX_BYTES
    except (TypeError, ValueError):
        return False
