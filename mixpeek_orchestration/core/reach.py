"""How far a change reaches: what a document that is not up to date does to one that was made of it, tiers below."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Reach = Literal["removed", "may_be_removed", "runs", "may_run", "rewritten", "may_be_rewritten", "none"]
"""What becomes of the document below: it runs again or is only rewritten; it `may` where that depends on what an
extractor will make of its new input."""


@dataclass(frozen=True)
class Fields:
    """The fields of one tier: those of its source that it `reads` and that `decide` whether an item is taken at all, those
    that it carries (`carried` maps its own name to that of the source), and those that its extractor `makes`."""

    reads: frozenset[str] = frozenset()
    decide: frozenset[str] = frozenset()
    carried: Mapping[str, str] = field(default_factory=dict)
    carries_all: bool = False
    makes: frozenset[str] = frozenset()

    def carry(self, changed: AnyOf[str]) -> frozenset[str]:
        """What it carries of changed fields of its source, by its own names. Where names clash, what it makes wins."""
        named = {own for own, source in self.carried.items() if source in changed}
        return frozenset(named | (set(changed) if self.carries_all else set())) - self.makes


@dataclass(frozen=True)
class Ripple:
    """Fields of a document that will be others, and fields that may."""

    certain: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()


def reach_of(ripple: Ripple, below: Sequence[Fields]) -> Reach:
    """What a ripple in a document does at the end of the tiers below it, nearest first."""
    reach: Reach = "none"
    for tier in below:
        reach = _met(ripple, tier)
        if reach in ("none", "may_be_removed"):
            return reach
        ripple = _passed_on(ripple, tier, runs=reach in ("runs", "may_run"))
    return reach


def _met(ripple: Ripple, tier: Fields) -> Reach:
    touched = ripple.certain | ripple.possible
    if tier.decide & touched:
        return "may_be_removed"
    if tier.reads & ripple.certain:
        return "runs"
    if tier.reads & ripple.possible:
        return "may_run"
    if tier.carry(ripple.certain):
        return "rewritten"
    return "may_be_rewritten" if tier.carry(ripple.possible) else "none"


def _passed_on(ripple: Ripple, tier: Fields, *, runs: bool) -> Ripple:
    made = tier.makes if runs else frozenset[str]()
    return Ripple(tier.carry(ripple.certain), tier.carry(ripple.possible) | made)
