"""Lines that commands print."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.report import TierReport

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.planning import Planned

_WIDTH = 100
_NAMES_OF_THINGS = ("_id", "_at", "_url", "_uri")


def plan_lines(planned: Planned, history: Sequence[TierReport]) -> list[str]:
    """What would run, by reason; what changed in the code; and how long it may take, from history."""
    from mixpeek_orchestration.core import plan as planning

    plan = planned.plan
    to_extract = plan.count(planning.EXTRACT)
    lines = [
        f"{planned.collection.name} ({planned.collection.extractor.id}): {plan.fetched} items, {to_extract} to extract, "
        f"{plan.count(planning.PATCH)} to patch, {plan.count(planning.UNCHANGED)} unchanged, "
        f"{plan.count(planning.FAILED)} failed before, {plan.count(planning.DELETE)} to delete"
    ]
    lines += [f"  {reason}: {count}" for reason, count in plan.reasons().items()]
    lines += [f"  code: {change}" for change in planned.code_changes]
    if to_extract:
        lines.append(f"  time: {estimate(to_extract, history)}")
    return lines


def estimate(items: int, history: Sequence[TierReport]) -> str:
    """Seconds from the measured throughput of earlier runs; says so when there is none."""
    ran = [
        (r.usage.wall_s, r.submitted - r.not_run)
        for r in history
        if r.usage.wall_s and r.submitted > r.not_run
    ]
    if not ran:
        return "unknown, nothing was extracted here yet"
    per_item = sum(seconds for seconds, _ in ran) / sum(count for _, count in ran)
    return f"about {items * per_item:.1f} s ({per_item * 1000:.1f} ms an item over {len(ran)} earlier runs)"


def hit_lines(answer: Mapping[str, Any]) -> list[str]:
    """The documents of an execution: rank, score, source object, text; and what was degraded."""
    lines = [f"degraded: {part.get('reason')}" for part in answer.get("degraded") or ()]
    documents = answer.get("documents") or []
    if not documents:
        lines.append("no results")
    for rank, found in enumerate(documents, start=1):
        source = found.get("title") or found.get("root_object_id") or found.get("document_id")
        lines.append(f"{rank}. {found.get('score', 0.0):.3f}  {source}")
        text = " ".join(_text_of(found).split())
        lines.append(textwrap.indent(textwrap.shorten(text, _WIDTH * 2, placeholder=" …"), "   "))
    return lines


def _text_of(found: Mapping[str, Any]) -> str:
    """What a person recognises a document by: its text, or else the longest of what is written in it."""
    written = [
        value
        for name, value in found.items()
        if isinstance(value, str) and not name.startswith("_") and not name.endswith(_NAMES_OF_THINGS)
    ]
    return str(found.get("text") or max(written, key=len, default=""))
