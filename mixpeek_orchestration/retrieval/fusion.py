"""Fusing ranked lists into one. Equal scores are ordered by document id, so the same hits give the same list."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RRF_K = 60


@dataclass(frozen=True)
class Hit:
    """One document that one search found."""

    document_id: str
    score: float
    search: int
    """The position of the search that found it."""


@dataclass(frozen=True)
class Fused:
    """One document of the fused list, with the hit that ranked it best."""

    document_id: str
    score: float
    best: Hit


Contribution = Callable[[Sequence[Hit], float], list[float]]


def ranked(hits: Sequence[Hit]) -> list[Hit]:
    """Best first; ties by document id."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.document_id))


def fused(lists: Sequence[Sequence[Hit]], *, strategy: str, weights: Sequence[float]) -> list[Fused]:
    """One list over all documents, best first. A single list keeps its own scores."""
    ordered = [ranked(hits) for hits in lists]
    if len(ordered) == 1:
        return [Fused(hit.document_id, hit.score, hit) for hit in ordered[0]]
    scores: dict[str, float] = {}
    best: dict[str, tuple[float, Hit]] = {}
    combine: Callable[[float, float], float] = max if strategy == "max" else operator.add
    for hits, weight in zip(ordered, weights, strict=True):
        for hit, part in zip(hits, STRATEGIES[strategy](hits, weight), strict=True):
            known = scores.get(hit.document_id)
            scores[hit.document_id] = part if known is None else combine(known, part)
            if hit.document_id not in best or part > best[hit.document_id][0]:
                best[hit.document_id] = (part, hit)
    order = sorted(scores, key=lambda document_id: (-scores[document_id], document_id))
    return [Fused(document_id, scores[document_id], best[document_id][1]) for document_id in order]


def _rrf(hits: Sequence[Hit], weight: float) -> list[float]:
    return [weight / (RRF_K + rank) for rank in range(1, len(hits) + 1)]


def _weighted(hits: Sequence[Hit], weight: float) -> list[float]:
    return [weight * hit.score for hit in hits]


def _max(hits: Sequence[Hit], _: float) -> list[float]:
    return [hit.score for hit in hits]


def _dbsf(hits: Sequence[Hit], weight: float) -> list[float]:
    """Scores stretched to 0…1 within the list, then weighted; a list of equal scores counts as all best."""
    if not hits:
        return []
    low, high = hits[-1].score, hits[0].score
    span = high - low
    return [weight * ((hit.score - low) / span if span else 1.0) for hit in hits]


STRATEGIES: dict[str, Contribution] = {"rrf": _rrf, "dbsf": _dbsf, "weighted": _weighted, "max": _max}
"""What each hit of a best-first list contributes to its document's score."""
