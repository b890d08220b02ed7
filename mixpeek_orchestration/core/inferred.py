"""What raw inference came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Inferred:
    """The answer, and who gave it: `model` is `name@version` of an extractor, or a provider's model."""

    data: Any
    provider: str
    model: str
    tokens: Mapping[str, int] | None = None
    cached: bool = False
