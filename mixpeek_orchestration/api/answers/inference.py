"""Raw inference on the wire."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.inferred import Inferred


def inferred_answer(inferred: Inferred, *, seconds: float) -> dict[str, Any]:
    """The answer with who gave it and how long that took."""
    return {
        "data": inferred.data,
        "provider": inferred.provider,
        "model": inferred.model,
        "tokens_used": dict(inferred.tokens) if inferred.tokens is not None else None,
        "latency_ms": round(seconds * 1000, 3),
        "cached": inferred.cached,
    }
