"""Forecasts on the wire: the contract's cost estimate, with the forecast itself beside it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.core.spending.forecast import Forecast

CREDIT_USD: Final = 0.001
"""A credit of the contract is a thousandth of a dollar."""


def estimate_answer(
    batch: Batch,
    forecast: Forecast,
    *,
    objects: Sequence[SourceObject],
    already_extracted: int,
    features: Sequence[str],
    documents_to_remove: int | None = None,
) -> dict[str, Any]:
    """What submitting a batch costs; `None` for what nobody knows yet, with a warning that says so."""
    cost = forecast.at_most
    again = batch.dedup_strategy != "skip" and batch.object_count
    repaid = already_extracted / batch.object_count if again else 0.0
    return {
        "batch_id": batch.batch_id,
        "collection_ids": list(batch.collection_ids),
        "dedup_strategy": batch.dedup_strategy,
        "object_count": batch.object_count,
        "already_extracted_count": already_extracted,
        "estimated_credits": None if cost is None else credits_of(cost.usd),
        "estimated_usd": None if cost is None else cost.usd,
        "estimated_repay_credits": None if cost is None else credits_of(cost.usd * repaid),
        "features": list(features),
        "extractors": list(dict.fromkeys(tier.extractor for tier in forecast.tiers)),
        "content_summary": content_summary(objects),
        "documents_to_remove": documents_to_remove,
        "warnings": warnings_of(forecast),
        "forecast": forecast.as_dict(),
    }


def credits_of(usd: float) -> int:
    """Whole credits, rounded up: what costs something is not free."""
    return math.ceil(round(usd / CREDIT_USD, 6))


def content_summary(objects: Sequence[SourceObject]) -> dict[str, Any]:
    """How many blobs of which kind, and how many bytes."""
    counts = Counter(blob.mime_type for one in objects for blob in one.blobs)
    sizes: Counter[str] = Counter()
    for one in objects:
        for blob in one.blobs:
            sizes[blob.mime_type] += blob.size_bytes
    return {mime: {"count": count, "bytes": sizes[mime]} for mime, count in sorted(counts.items())}


def warnings_of(forecast: Forecast) -> list[str]:
    """What a reader of the figures has to know."""
    told = [
        f"The price of {tier.collection} is not known: no run of it was measured yet. Submit a sample of some 100 objects."
        for tier in forecast.unmeasured
    ]
    further = {tier.collection: tier.may_change for tier in forecast.tiers if tier.may_change}
    if further and not told:
        told.append(
            "The estimate is an upper bound: it counts items that run only if what they read comes out different: "
            + ", ".join(f"{count} of {name}" for name, count in further.items())
            + "."
        )
    return told


def trigger_answer(
    batches: Sequence[Batch], *, tasks: Sequence[str], source: Mapping[str, Any], estimate: Mapping[str, Any]
) -> dict[str, Any]:
    """The batches that a trigger has submitted."""
    several = len(batches) > 1
    objects = sum(batch.object_count for batch in batches)
    return {
        **source,
        "batch_id": batches[0].batch_id,
        "task_id": tasks[0],
        "object_count": objects,
        "batch_ids": [batch.batch_id for batch in batches] if several else None,
        "task_ids": list(tasks) if several else None,
        "batch_count": len(batches) if several else None,
        "message": f"{objects} objects are submitted in {len(batches)} batch{'es' if several else ''}.",
        "estimate": estimate,
    }
