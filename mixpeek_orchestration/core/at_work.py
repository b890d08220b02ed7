"""Which objects this process works on right now: whatever it asks of others may hold their content."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_at_work: Counter[str] = Counter()


@contextmanager
def working_on(objects: Collection[str]) -> Iterator[None]:
    """Inside the block, of every thread, these are among the objects at work."""
    with _lock:
        _at_work.update(objects)
    try:
        yield
    finally:
        with _lock:
            _at_work.subtract(objects)
            for one in objects:
                if not _at_work[one]:
                    del _at_work[one]


def objects_at_work() -> frozenset[str]:
    """The objects that any thread of this process works on. A step may ask from threads of its own, and the host of a
    worker process answers it on others: what is asked belongs to one of these, and nobody can tell which."""
    with _lock:
        return frozenset(_at_work)
