"""Answers of models on disk, by everything that was asked: asking again costs nothing."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.ports.platform import LLMAnswer

_DAY_S = 86_400.0


class ResponseCache:
    """One file per answer below `folder`. Answers older than `max_age_days` count as absent."""

    def __init__(self, folder: Path, *, max_age_days: float = 30.0) -> None:
        self._folder = folder
        self._max_age_s = max_age_days * _DAY_S

    def key(self, asked: Mapping[str, Any]) -> str:
        """The address of an answer: a hash over everything that was asked, of whom and for whom."""
        return digest("llm", json.dumps(dict(asked), sort_keys=True, separators=(",", ":")))

    def get(self, key: str) -> LLMAnswer | None:
        """The answer, marked as cached and free of charge."""
        path = self._path(key)
        try:
            if time.time() - path.stat().st_mtime > self._max_age_s:
                return None
            kept = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return replace(LLMAnswer.from_dict(kept), cached=True, cost_usd=0.0)

    def put(self, key: str, answer: LLMAnswer) -> None:
        """Keep an answer; a reader sees all of it or none."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w") as file:
            json.dump(answer.as_dict(), file)
        os.replace(temporary, path)

    def count(self, *, before: float | None = None) -> int:
        """How many answers are kept, that were kept before a time."""
        kept = (path.stat().st_mtime for path in self._folder.glob("*/*.json"))
        return sum(before is None or moment <= before for moment in kept)

    def prune(self, *, all_of_it: bool = False) -> int:
        """Remove answers that are too old, or all; how many. Answers hold content, so erasing content ends here too."""
        oldest = time.time() if all_of_it else time.time() - self._max_age_s
        gone = [p for p in self._folder.glob("*/*.json") if all_of_it or p.stat().st_mtime < oldest]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
