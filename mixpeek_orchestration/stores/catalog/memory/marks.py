"""Marks of tables in memory."""

from __future__ import annotations

from mixpeek_orchestration.core.drift import Mark


class MemoryMarks:
    """The `MarkCatalog` in memory."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}

    def put(self, mark: Mark) -> None:
        """Insert or replace by generation."""
        self._marks[mark.generation_id] = mark

    def get(self, generation_id: str) -> Mark | None:
        return self._marks.get(generation_id)

    def forget(self, generation_id: str) -> None:
        """Nothing is known of the generation's table any more."""
        self._marks.pop(generation_id, None)
