"""Turns a plan and what became of its items into the account that invariantly balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.report import TierReport, Usage

Result = Literal["written", "empty", "failed", "partial"]


@dataclass(frozen=True)
class Effects:
    """What a run did besides deciding: rows written by item, and what came of each extracted item.

    An item to extract that is not in `results` was not run.
    """

    results: Mapping[str, Result]
    rows_by_item: Mapping[str, int]
    rows_deleted: int = 0
    first_error: str | None = None
    table_version: int = 0
    usage: Usage = field(default_factory=Usage)


def account(collection_id: str, plan: planning.Plan, effects: Effects) -> TierReport:
    """The balanced report of a plan (or of the part of it that belongs to one batch)."""
    to_extract = plan.items(planning.EXTRACT)
    results = Counter(effects.results.get(item, "not_run") for item in to_extract)
    known_failures = plan.count(planning.FAILED)
    patched = plan.count(planning.PATCH)
    report = TierReport(
        collection_id=collection_id,
        fetched=plan.fetched,
        source_filtered=plan.count(planning.FILTERED),
        missing_input=plan.count(planning.MISSING),
        unchanged=plan.count(planning.UNCHANGED) + patched,
        submitted=len(to_extract) + known_failures,
        written=results["written"],
        empty=results["empty"],
        failed=results["failed"] + results["partial"] + known_failures,
        not_run=results["not_run"],
        patched=patched,
        partial=results["partial"] + plan.count_reason(planning.KNOWN_PARTIAL),
        deleted=plan.count(planning.DELETE),
        rows_written=sum(effects.rows_by_item.get(item, 0) for item in to_extract),
        rows_deleted=effects.rows_deleted,
        reasons=plan.reasons(),
        first_error=effects.first_error,
        table_version=effects.table_version,
        usage=effects.usage,
    )
    return report.check()


def share_of(usage: Usage, part: int, whole: int) -> Usage:
    """The part of a usage that falls to `part` of `whole` items; peaks are not divided."""
    share = part / whole if whole else 0.0
    return replace(
        usage,
        wall_s=usage.wall_s * share,
        cpu_s=usage.cpu_s * share,
        gpu_s=usage.gpu_s * share,
        api_usd=usage.api_usd * share,
    )
