"""Explanations: why a document exists, by which code, what has changed since, and what would make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.change import Change
from mixpeek_orchestration.core.reach import Fields, Reach, Ripple, reach_of

VERDICTS = {
    planning.UNCHANGED: "up to date",
    planning.KNOWN_EMPTY: "up to date: its source came out empty last time",
    planning.NEW: "its source was never extracted here",
    planning.INPUT_CHANGED: "stale: an input has changed",
    planning.CODE_CHANGED: "stale: the code has changed",
    planning.PASS_CHANGED: "only carried fields have changed: they are rewritten, nothing is extracted",
    planning.RETRY: "its source failed for a passing reason, and is tried again",
    planning.REPLAYED: "its source is to be tried again",
    planning.ORPHANED: "its source is gone: the document will be removed",
    planning.KNOWN_FAILURE: "kept from an earlier run: its source fails with the present input and code",
    planning.KNOWN_PARTIAL: "some rows of its source fail with the present input and code",
    planning.FILTERED: "its source is filtered out now: the document will be removed",
    planning.MISSING: "its source no longer has the field that is read: the document will be removed",
}
"""A reason of the planner as it is told of one document."""
_CURRENT = (planning.UNCHANGED, planning.KNOWN_EMPTY)
_GOING = (planning.ORPHANED, planning.FILTERED, planning.MISSING)
_STUCK = (planning.KNOWN_FAILURE, planning.KNOWN_PARTIAL)
"""What runs only when its input or code changes, or when it is replayed."""


@dataclass(frozen=True)
class Made:
    """One document on the way from the source object: what made it of what, when, and how it stands now.

    `code` are the parts of the code that made it, `code_now` of the one there is now. `reads` are the inputs, `carries`
    the fields that are only passed through; `fields` says the same for computing how far a change reaches. `changes`
    is all that differs from what it was made of and by. `stale` ones run again with the next materialization.
    """

    collection_id: str
    collection: str
    tier: int
    document_id: str
    position: int
    source: str
    extractor: str
    code_fp: str
    code_fp_now: str
    code: Mapping[str, str]
    code_now: Mapping[str, str]
    batch_id: str
    run_id: str
    trigger: str
    created_at: str
    updated_at: str
    reads: tuple[str, ...]
    carries: tuple[str, ...]
    fields: Fields
    reason: str
    changes: tuple[Change, ...] = ()

    @property
    def verdict(self) -> str:
        return VERDICTS.get(self.reason, self.reason.replace("_", " "))

    @property
    def is_current(self) -> bool:
        return self.reason in _CURRENT

    @property
    def is_going(self) -> bool:
        """Whether it will be removed, because its source is gone or not wanted any more."""
        return self.reason in _GOING

    @property
    def ripple(self) -> Ripple:
        """What the next run does to its fields."""
        if self.is_current or self.reason in _STUCK:
            return Ripple()
        carried = frozenset(one.name for one in self.changes if one.kind == "carried")
        runs = self.reason != planning.PASS_CHANGED
        return Ripple(carried, self.fields.makes if runs else frozenset())

    def as_dict(self) -> dict[str, Any]:
        shown = {name: value for name, value in vars(self).items() if name not in ("fields", "code_now")}
        return {
            **shown,
            "code": dict(self.code),
            "reads": list(self.reads),
            "carries": list(self.carries),
            "changes": [change.as_dict() for change in self.changes],
            "why": [change.line for change in self.changes],
            "verdict": self.verdict,
            "current": self.is_current,
        }


@dataclass(frozen=True)
class Above:
    """A document on the way that is not up to date, and what its next run does to the one that is explained."""

    made: Made
    reach: Reach

    def as_dict(self) -> dict[str, Any]:
        return {
            "collection": self.made.collection,
            "document_id": self.made.document_id,
            "reason": self.made.reason,
            "why": [change.line for change in self.made.changes],
            "reach": self.reach,
        }


@dataclass(frozen=True)
class Explanation:
    """A document's way from its source object, nearest to the object first; the last one is the document."""

    object_id: str
    object_key: str | None
    object_exists: bool
    bucket: str
    steps: tuple[Made, ...]

    @property
    def document(self) -> Made:
        return self.steps[-1]

    @property
    def stale_above(self) -> list[Above]:
        """The documents on the way that are not up to date, nearest to the object first."""
        return [
            Above(made, self._reach(place))
            for place, made in enumerate(self.steps[:-1])
            if not made.is_current
        ]

    @property
    def is_current(self) -> bool:
        """Whether nothing that would run now touches the document."""
        return self.document.is_current and all(above.reach == "none" for above in self.stale_above)

    @property
    def would_rerun(self) -> list[str]:
        """What would make the document again, a sentence each."""
        made = self.document
        if made.is_going or any(above.reach == "removed" for above in self.stale_above):
            return ["nothing: the next run removes it"]
        code = [name.replace(":", " ", 1) for name in sorted(_told_once(made.code_now))]
        return [
            f"a change of what it reads: {', '.join(made.reads) or 'nothing'}",
            f"a change of the code, its parameters, dependencies or weights: {', '.join(code) or made.code_fp}",
            *([f"a change of {', '.join(made.carries)} only rewrites that field"] if made.carries else []),
            *([f"`mixpeek replay {made.collection} --item {made.source}`"] if made.reason in _STUCK else []),
            f"`mixpeek reprocess {made.collection} --object-id {self.object_id} --force`",
        ]

    def as_dict(self) -> dict[str, Any]:
        return {
            "document_id": self.document.document_id,
            "object_id": self.object_id,
            "object_key": self.object_key,
            "object_exists": self.object_exists,
            "bucket": self.bucket,
            "steps": [made.as_dict() for made in self.steps],
            "upstream": [above.as_dict() for above in self.stale_above],
            "current": self.is_current,
            "would_rerun": self.would_rerun,
        }

    def _reach(self, place: int) -> Reach:
        if self.steps[place].is_going:
            return "removed"
        return reach_of(self.steps[place].ripple, [made.fields for made in self.steps[place + 1 :]])


def _told_once(parts: Mapping[str, str]) -> list[str]:
    """The names of the parts; where the parameters are named, not also that there are some."""
    named = any(name.startswith("parameter:") for name in parts)
    return [name for name in parts if not (named and name == "parameters")]
