"""What an execution gave, and how it looks on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Degraded:
    """One part of the answer that is missing or doubtful: what, why, and what to do about it."""

    resource: str
    id: str | None
    reason: str
    next_step: str
    stage: str | None = None

    def wire(self) -> dict[str, Any]:
        return {
            "resource": self.resource,
            "id": self.id,
            "reason": self.reason,
            "next_step": self.next_step,
            "action": self.next_step,
            "stage": self.stage,
        }


@dataclass(frozen=True)
class StageStatistics:
    """The account of one stage."""

    input_count: int
    output_count: int
    duration_ms: float
    error: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        efficiency = self.output_count / self.input_count if self.input_count else 0.0
        return {
            "input_count": self.input_count,
            "output_count": self.output_count,
            "duration_ms": round(self.duration_ms, 3),
            "efficiency": round(efficiency, 6),
            "cache_hit": False,
            "stage_cache_hit": False,
            "error": self.error,
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True)
class Execution:
    """One finished execution. `documents` is the page that was asked for, ready for JSON."""

    retriever_id: str
    execution_id: str
    documents: tuple[dict[str, Any], ...]
    pagination: Mapping[str, Any]
    stages: Mapping[str, StageStatistics]
    interpretation: Mapping[str, Any]
    elapsed_ms: float
    max_time_ms: float
    max_credits: float | None = None
    degraded: tuple[Degraded, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """`completed`, or `degraded` as soon as one part was missing: an empty answer is never passed off as whole."""
        return "degraded" if self.degraded else "completed"

    @property
    def completeness(self) -> dict[str, str]:
        """By layer: whether every query was encoded, and whether the page is all there is."""
        embeddings = "partial" if any(entry.resource == "search" for entry in self.degraded) else "complete"
        whole = not self.degraded
        return {
            "embeddings": embeddings,
            "page": "complete" if whole else self.status,
            "overall": "complete" if whole else "partial",
        }

    def wire(self) -> dict[str, Any]:
        """The body of the answer; `results` repeats `documents` for clients that read the older name."""
        documents = list(self.documents)
        return {
            "retriever_id": self.retriever_id,
            "execution_id": self.execution_id,
            "status": self.status,
            "degraded": [entry.wire() for entry in self.degraded],
            "documents": documents,
            "results": documents,
            "pagination": dict(self.pagination),
            "stage_statistics": {
                "stages": {name: stage.wire() for name, stage in self.stages.items()},
                "total_time_ms": round(self.elapsed_ms, 3),
                "credits_used": 0.0,
            },
            "budget": self._budget(),
            "cache_hit": False,
            "completeness": self.completeness,
            "warnings": list(self.warnings),
            "interpretation": dict(self.interpretation),
            "error": None,
            "optimization_applied": False,
        }

    def _budget(self) -> dict[str, Any]:
        return {
            "credits_used": 0.0,
            "credits_remaining": self.max_credits,
            "max_credits": self.max_credits,
            "time_used_ms": round(self.elapsed_ms, 3),
            "max_time_ms": self.max_time_ms,
        }
