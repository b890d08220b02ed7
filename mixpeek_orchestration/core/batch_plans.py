"""Plans of batches: what each batch of a set asks of the one plan that was made for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.plan import Plan
from mixpeek_orchestration.core.selection import Selection

_KEY = ("item", "action")
"""One row of a plan: an item that is filtered out now and has documents is there twice."""


@dataclass(frozen=True)
class Asked:
    """What a batch asks for: its root objects, which of their items it means, and whether these run in any case."""

    roots: Sequence[str]
    selection: Selection = field(default_factory=Selection)
    forced: bool = False


def asked_by(batch: Batch, roots: Sequence[str], collection_id: str) -> Asked:
    """What a batch asks of one of its collections. A strategy that replaces means all of them."""
    selection = Selection.from_metadata(batch.metadata).of(collection_id)
    return Asked(roots, selection, selection.force or batch.dedup_strategy != "skip")


def forced_roots(asked: Mapping[str, Asked]) -> set[str]:
    """The root objects whose items run in any case, because one of the batches says so."""
    return {root for one in asked.values() if one.forced for root in one.roots}


def plans_of(plan: Plan, asked: Mapping[str, Asked]) -> dict[str, Plan]:
    """The plan of each batch; an item whose root object is in several batches is in each of their plans."""
    members = pl.DataFrame(
        {
            "batch": [batch_id for batch_id, one in asked.items() for _ in one.roots],
            "root_object": [root for one in asked.values() for root in one.roots],
        },
        schema={"batch": pl.String, "root_object": pl.String},
    ).unique()
    # One join for all: a join for each of 500 batches would read the plan 500 times.
    joined = plan.frame.join(members, on="root_object", how="inner", maintain_order="left")
    frames = joined.partition_by("batch", as_dict=True, include_key=False, maintain_order=True)
    nothing = plan.frame.clear()
    return {
        batch_id: one.selection.narrow(replace(plan, frame=frames.get((batch_id,), nothing)))
        for batch_id, one in asked.items()
    }


def joined_plan(plan: Plan, parts: Mapping[str, Plan]) -> Plan:
    """What is left of a plan for all of its batches together."""
    rows = pl.concat([part.frame.select(_KEY) for part in parts.values()]).unique()
    return replace(plan, frame=plan.frame.join(rows, on=_KEY, how="semi", maintain_order="left"))
