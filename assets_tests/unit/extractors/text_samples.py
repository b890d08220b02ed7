"""Texts that are on every machine: the long descriptions of the installed packages."""

from __future__ import annotations

import importlib.metadata
import random
from functools import lru_cache


def sample_texts(count: int, shortest: int = 1, longest: int = 600, seed: int = 7) -> list[str]:
    """`count` pieces of real prose, evenly spread from `shortest` to `longest` words."""
    words, chance = _words(), random.Random(seed)
    texts = []
    for index in range(count):
        length = shortest + (longest - shortest) * index // max(1, count - 1)
        start = chance.randrange(len(words) - length)
        texts.append(" ".join(words[start : start + length]))
    chance.shuffle(texts)
    return texts


@lru_cache(maxsize=1)
def _words() -> tuple[str, ...]:
    distributions = sorted(importlib.metadata.distributions(), key=lambda one: one.metadata["Name"] or "")
    return tuple(" ".join(str(one.metadata.get_payload() or "") for one in distributions).split())
