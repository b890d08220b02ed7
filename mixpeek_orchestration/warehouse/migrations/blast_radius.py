"""What a switch of a collection's generation would make later tiers do again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.plan import Plan
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.spending.forecast import Cost
from mixpeek_orchestration.core.tiers import tier_of
from mixpeek_orchestration.warehouse.runs.planning import Planned, Planner

_TO_DO: Final = [planning.EXTRACT, planning.PATCH, planning.DELETE]


@dataclass(frozen=True)
class Affected:
    """A later tier and its items: what it would do again after the switch.

    It is exact for a tier that reads the collection itself; further down it is the most that could come, because that
    depends on what the tiers in between make.
    """

    collection_id: str
    name: str
    tier: int
    to_extract: int
    to_patch: int
    to_delete: int
    unchanged: int
    is_exact: bool
    reasons: Mapping[str, int] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    cost: Cost | None = None
    """What it is expected to take; `None` where nothing like it ever ran, or where it is not exact."""


Estimate = Callable[[Planned], tuple[Cost | None, object]]


def affected(
    catalog: Catalog,
    planner: Planner,
    collection: Collection,
    to: Generation,
    estimate: Estimate = lambda _: (None, None),
) -> list[Affected]:
    """By tier: every enabled collection below, with what it would do again if `to` answered."""
    everything = [c for c in catalog.resources.collections(collection.namespace_id) if c.enabled]
    tiers = tier_of(everything)
    found: dict[str, Affected] = {}
    for reader in sorted(everything, key=lambda c: (tiers[c.collection_id], c.created_at)):
        sources = reader.source.ids
        if collection.collection_id in sources:
            planned = planner.plan(reader.collection_id, upstream={collection.collection_id: to})
            told = _told(reader, tiers[reader.collection_id], planned.plan)
            found[reader.collection_id] = replace(told, cost=estimate(planned)[0])
        elif any(source in found for source in sources):
            roots = {root for source in sources if source in found for root in found[source].roots}
            plan = planner.plan(reader.collection_id).plan.within(sorted(roots))
            found[reader.collection_id] = _at_most(reader, tiers[reader.collection_id], plan)
    return list(found.values())


def roots_to_rerun(
    catalog: Catalog, planner: Planner, collection: Collection, to: Generation
) -> dict[str, tuple[str, ...]]:
    """By later tier: the root objects whose items depend on the switch; tiers where nothing does are left out."""
    return {one.collection_id: one.roots for one in affected(catalog, planner, collection, to) if one.roots}


def _told(reader: Collection, tier: int, plan: Plan) -> Affected:
    touched = plan.frame.filter(pl.col("action").is_in(_TO_DO))
    return Affected(
        reader.collection_id,
        reader.name,
        tier,
        plan.count(planning.EXTRACT),
        plan.count(planning.PATCH),
        plan.count(planning.DELETE),
        plan.count(planning.UNCHANGED),
        is_exact=True,
        reasons=plan.reasons(),
        roots=_roots(touched["root_object"].to_list()),
    )


def _at_most(reader: Collection, tier: int, plan: Plan) -> Affected:
    """Everything that hangs on the root objects of what runs above."""
    return Affected(
        reader.collection_id,
        reader.name,
        tier,
        plan.fetched,
        0,
        0,
        0,
        is_exact=False,
        roots=_roots(plan.frame["root_object"].to_list()),
    )


def _roots(roots: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(roots)))
