"""Ending a run early: between two chunks, or while it waits for one. What is finished by then is committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from mixpeek_orchestration.core.batch import is_called_off
from mixpeek_orchestration.core.ports.batches import BatchCatalog

LOOK_S: Final = 1.0
"""How often a run looks whether its batches are called off."""


class RunStopped(BaseException):
    """The run was asked to stop. No `Exception`: the code of an extractor must not take it for an error of a row."""


class Stop:
    """Whoever runs something asks it to stop, by a signal or from another thread.

    `is_final` tells, once it was asked, whether the work is given up; otherwise it is interrupted, to be run again.
    """

    def __init__(self, *, is_final: Callable[[], bool] = lambda: True) -> None:
        self.asked = False
        self._is_final = is_final
        self._listener: int | None = None

    @property
    def is_final(self) -> bool:
        return self.asked and self._is_final()

    def ask(self) -> None:
        """Ends what listens in this thread, which is the main one in the handler of a signal; others look for it."""
        self.asked = True
        if self._listener == threading.get_ident():
            raise RunStopped

    @contextmanager
    def listening(self) -> Iterator[None]:
        """A block that `RunStopped` may end anywhere: it waits, and writes nothing."""
        self._listener = threading.get_ident()
        try:
            if self.asked:
                raise RunStopped
            yield
        finally:
            self._listener = None


class CalledOff:
    """Which batches of a run were canceled, or submitted anew, since it began; `submissions` are those it began with."""

    def __init__(
        self,
        batches: BatchCatalog,
        submissions: Mapping[str, int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._batches = batches
        self.submissions = dict(submissions)
        self._clock = clock
        self._looked_at = float("-inf")
        self._ids: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """As the catalog had it a second ago at most."""
        if self.submissions and self._clock() - self._looked_at >= LOOK_S:
            found = self._batches.get_many(list(self.submissions))
            self._ids = frozenset(
                batch_id
                for batch_id, submission in self.submissions.items()
                if is_called_off(found.get(batch_id), submission)
            )
            self._looked_at = self._clock()
        return self._ids

    @property
    def is_all(self) -> bool:
        """Whether nobody wants the run any more; a run without batches is for its source."""
        return bool(self.submissions) and len(self.ids) == len(self.submissions)
