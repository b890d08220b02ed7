"""What `mixpeek migrate` reads from its options, and the lines it prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import InvalidInput

if TYPE_CHECKING:
    from mixpeek_orchestration.core.collection import Collection
    from mixpeek_orchestration.core.comparison import Comparison, Side
    from mixpeek_orchestration.core.spending.forecast import Cost
    from mixpeek_orchestration.warehouse.migrations.blast_radius import Affected
    from mixpeek_orchestration.warehouse.migrations.migrations import Standing, SwitchPlan
    from mixpeek_orchestration.warehouse.specs import ExtractorSpec


def asked_extractor(collection: Collection, extractor: str | None, parameters: str | None) -> ExtractorSpec:
    """The extractor that a migration goes to; name and version that are not said are the collection's."""
    from mixpeek_orchestration.core.validation import validated
    from mixpeek_orchestration.warehouse.specs import ExtractorSpec

    chosen = collection.extractor
    name, _, version = (extractor or f"{chosen.name}@{chosen.version}").partition("@")
    if extractor is None and parameters is None:
        raise InvalidInput(
            "Say what to migrate to.",
            field="--extractor",
            fix="Name another version with --extractor NAME@VERSION, or other --parameters.",
        )
    said = {"feature_extractor_name": name, "parameters": _object(parameters)}
    return validated(ExtractorSpec, {**said, **({"version": version} if version else {})})


def asked_map(pairs: Sequence[str]) -> dict[str, str]:
    """Feature URIs of the new generation by those of the old one."""
    for pair in pairs:
        if pair.count("=") != 1:
            raise InvalidInput(
                f"{pair!r} is not OLD_URI=NEW_URI.", field="--map", value=pair, fix="Write both with one '='."
            )
    return {old: new for old, _, new in (pair.partition("=") for pair in pairs)}


def status_lines(standing: Standing) -> list[str]:
    """How far a migration is."""
    migration, remaining = standing.migration, standing.remaining
    lines = [f"{migration.from_extractor} → {migration.to_extractor}: {standing.state}"]
    if not migration.is_open:
        return lines
    lines.append(
        f"  the generation beside the one that answers has {remaining.documents} documents, lacks {remaining.to_do} "
        f"items, has {remaining.to_delete} too many, {remaining.failed} failed"
    )
    open_batches = [batch for batch in standing.batches if not batch.is_terminal]
    if standing.batches:
        lines.append(f"  {len(standing.batches)} batches, {len(open_batches)} not done")
    if standing.obstacle:
        lines.append(f"  queries: {standing.obstacle}")
    if migration.error:
        lines.append(f"  last error: {migration.error}")
    return lines


def switch_lines(plan: SwitchPlan) -> list[str]:
    """What a switch would change."""
    lines = status_lines(plan.standing)
    lines.append(f"retrievers that it changes: {', '.join(plan.retrievers) or 'none'}")
    lines += [f"  {old} → {new}" for old, new in sorted(plan.index_map.items())]
    lines.append("later tiers:" if plan.affected else "no later tier reads this collection")
    return lines + [_affected(one) for one in plan.affected]


def _affected(one: Affected) -> str:
    if not one.is_exact:
        return (
            f"  {one.name} (tier {one.tier}): at most {one.to_extract} items, by what comes of the tier above"
        )
    told = [
        f"{count} {what}"
        for count, what in (
            (one.to_extract, "extracted again"),
            (one.to_patch, "rewritten"),
            (one.to_delete, "removed"),
            (one.unchanged, "unchanged"),
        )
        if count
    ]
    return f"  {one.name} (tier {one.tier}): {', '.join(told) or 'nothing'}{_cost(one)}"


def _cost(one: Affected) -> str:
    if not one.to_extract:
        return ""
    return f", {_money(one.cost)}" if one.cost else ", no run tells yet for how long and for how much"


def _money(cost: Cost) -> str:
    return f"about {cost.amount.wall_s:.1f} s and ${cost.usd:.4f}"


def comparison_lines(found: Comparison) -> list[str]:
    """Both generations side by side."""
    lines = [
        f"{found.queries} queries, first {found.k} results: overlap {_share(found.overlap)}, "
        f"same first result {_share(found.same_first)}"
    ]
    return lines + [_side(side) for side in found.sides]


def _side(side: Side) -> str:
    cost = "no run"
    if side.seconds_per_item is not None:
        cost = (
            f"{side.seconds_per_item * 1000:.1f} ms, {side.cpu_seconds_per_item or 0:.4f} CPU s and "
            f"{side.gpu_seconds_per_item or 0:.4f} GPU s, ${side.usd_per_item or 0:.6f} an item ({side.items} items)"
        )
    errors = f", {side.errors} errors" if side.errors else ""
    return f"  {side.extractor}: p50 {_ms(side.p50_ms)}, p95 {_ms(side.p95_ms)}{errors}; {cost}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0%}"


def _ms(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} ms"


def _object(text: str | None) -> dict[str, Any]:
    try:
        read = json.loads(text) if text else {}
    except ValueError as error:
        raise InvalidInput(f"--parameters is not JSON: {error}.", field="--parameters", value=text) from error
    if not isinstance(read, dict):
        raise InvalidInput("--parameters is not a JSON object.", field="--parameters", value=text)
    return read
