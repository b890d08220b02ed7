"""Selections: which part of a source is meant, of all that a plan would run.

A selection is made of source objects, because a batch is. What it leaves of a plan is decided here; that `filters`
name objects by their fields is resolved by whoever can read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import polars as pl

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.plan import DELETE, EXTRACT, PATCH, Plan

METADATA = "selection"
"""Under this name a batch carries its selection in its metadata."""


@dataclass(frozen=True)
class Selection:
    """All that a source has, unless something is said; what is said narrows it further.

    `object_ids` are source objects, `filters` the contract's filters over their fields. `reasons` keeps the items that
    run for one of them. `limit` keeps the first source objects that have something to run, `sample` some that are
    spread evenly by their ids, the same ones each time. `force` extracts also what is up to date. `collection_ids`
    are the collections that are meant; further ones that a batch passes run what has changed for them.
    """

    object_ids: tuple[str, ...] = ()
    filters: Mapping[str, Any] | None = None
    limit: int = 0
    sample: int = 0
    force: bool = False
    reasons: tuple[str, ...] = ()
    collection_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("limit", "sample"):
            if getattr(self, name) < 0:
                raise InvalidInput(
                    f"{name} is negative.", field=name, value=getattr(self, name), fix="Say how many objects."
                )
        if self.limit and self.sample:
            raise InvalidInput("limit and sample exclude each other.", field="sample", fix="Leave one out.")

    @property
    def is_everything(self) -> bool:
        return self == Selection(collection_ids=self.collection_ids)

    def of(self, collection_id: str) -> Selection:
        """What this says about one collection."""
        meant = not self.collection_ids or collection_id in self.collection_ids
        return self if meant else Selection()

    def resolved(self, object_ids: Sequence[str]) -> Selection:
        """The same selection when its objects are known: what is left for the run of their batch to respect."""
        return replace(self, object_ids=tuple(object_ids), filters=None, limit=0, sample=0)

    def as_metadata(self) -> dict[str, Any]:
        """What is said, as JSON; without the object ids, which a batch holds itself."""
        said = {name: value for name, value in asdict(self).items() if value and name != "object_ids"}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Selection:
        """The selection in the metadata of a batch; everything where there is none."""
        said = metadata.get(METADATA)
        if not isinstance(said, Mapping):
            return cls()
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in said.items()
            if name in known
        }
        return cls(**values)

    def narrow(self, plan: Plan) -> Plan:
        """What is left of a plan; `filters` must have been resolved to object ids, and `force` was planned already."""
        if self.object_ids:
            plan = plan.within(self.object_ids)
        if self.reasons:
            plan = replace(plan, frame=plan.frame.filter(pl.col("reason").is_in(self.reasons)))
        if self.limit or self.sample:
            plan = plan.within(self._chosen(plan))
        return plan

    def _chosen(self, plan: Plan) -> list[str]:
        """The first objects with something to run; or, of those with something to extract, a spread sample."""
        actions = [EXTRACT] if self.sample else [EXTRACT, PATCH, DELETE]
        due = plan.frame.filter(pl.col("action").is_in(actions))
        roots: list[str] = due["root_object"].unique(maintain_order=True).to_list()
        if self.sample:
            return sorted(roots, key=lambda root: digest("sample", root))[: self.sample]
        return roots[: self.limit]
