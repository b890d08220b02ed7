"""The catalog in memory: the twin of the SQL one, for tests."""

from __future__ import annotations

from mixpeek_orchestration.stores.catalog.memory.catalog import MemoryCatalog

__all__ = ["MemoryCatalog"]
