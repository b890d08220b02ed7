"""How far a run is, told in the run's log: often at first, then ever less, because every line is a row of a database."""

from __future__ import annotations

import sys
from collections.abc import Callable


class Progress:
    """Takes every line of progress; the log gets those with a number that is a power of two, standard error all."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._told = 0

    def __call__(self, line: str) -> None:
        self._told += 1
        print(line, file=sys.stderr, flush=True)
        if self._told & (self._told - 1) == 0:
            self._log(line)
