"""The pandas batches of a step, cut out of frames that are made for many of them at a time.

Making a frame costs about as much for 256 rows as for 16, so a package that asks for small batches would otherwise pay
more for its frames than for its work.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from mixpeek_orchestration.extractors.columns import to_frame

_MAX_BYTES = 4 * 1024 * 1024
"""How much content is held twice, in Arrow and in pandas, beside the batch that is worked on."""


class Frames:
    """Frames of the rows of a table, each with the same constants. Nothing that is done to one is seen in another."""

    def __init__(self, table: pa.Table, constants: Mapping[str, str]) -> None:
        self._table = table
        self._constants = constants
        self._ahead = pd.DataFrame()
        self._start = 0
        self._given = 0

    def cut(self, start: int, stop: int) -> pd.DataFrame:
        """The rows from `start` up to `stop` as a frame that may be changed in any way, numbered from 0."""
        if start < self._given:  # whoever had these rows may have changed a list or an array inside of them
            return self._made(start, stop)
        if not self._start <= start <= stop <= self._start + len(self._ahead):
            self._start = start
            self._ahead = self._made(start, max(stop, start + self._rows_ahead()))
        self._given = stop
        frame = self._ahead.iloc[start - self._start : stop - self._start]
        frame.index = pd.RangeIndex(len(frame))
        return frame

    def _made(self, start: int, stop: int) -> pd.DataFrame:
        frame = to_frame(self._table.slice(start, stop - start))
        for name, value in self._constants.items():
            frame[name] = pd.Series([value] * len(frame), dtype=object, index=frame.index)
        return frame

    def _rows_ahead(self) -> int:
        return int(_MAX_BYTES * self._table.num_rows / max(1, self._table.nbytes))
