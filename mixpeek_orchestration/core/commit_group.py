"""How much goes into one commit: whole items, bounded by count, rows and time, growing with the table.

A commit costs a fixed part and a part that grows with the table (measured for 500 items: 19 ms at 5,000 rows, 49 ms
at 200,000), so larger tables get larger groups and the cost of committing stays a constant share of the work.
"""

from __future__ import annotations

from dataclasses import dataclass

_ROWS_PER_SCALE = 50_000


@dataclass(frozen=True)
class CommitGroup:
    """The limits of one commit; the first one reached closes the group."""

    max_items: int = 500
    max_rows: int = 5_000
    max_seconds: float = 2.0

    def scaled(self, table_rows: int) -> CommitGroup:
        """The limits for a table of this size: up to ten times larger."""
        scale = min(10.0, max(1.0, table_rows / _ROWS_PER_SCALE))
        return CommitGroup(int(self.max_items * scale), int(self.max_rows * scale), self.max_seconds * scale)

    def is_full(self, *, items: int, rows: int, seconds: float) -> bool:
        return items >= self.max_items or rows >= self.max_rows or (items > 0 and seconds >= self.max_seconds)
