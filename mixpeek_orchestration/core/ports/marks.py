"""The port to marks: the last state of each table that was known to be ours."""

from __future__ import annotations

from typing import Protocol

from mixpeek_orchestration.core.drift import Mark


class MarkCatalog(Protocol):
    """One mark a generation."""

    def put(self, mark: Mark) -> None:
        """Insert or replace by generation."""

    def get(self, generation_id: str) -> Mark | None: ...
    def forget(self, generation_id: str) -> None:
        """Nothing is known of the generation's table any more."""
