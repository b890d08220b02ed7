"""Explanations: why a document exists, by which code, and what would make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mixpeek_orchestration.core import plan as planning

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
    planning.FILTERED: "its source is filtered out now",
    planning.MISSING: "its source no longer has the field that is read",
}
"""A reason of the planner as it is told of one document."""


@dataclass(frozen=True)
class Made:
    """One document on the way from the source object: what made it of what, when, and how it stands now.

    `reads` are the inputs, `carries` the fields that are only passed through; `why` says what exactly has changed.
    `stale` ones run again with the next materialization.
    """

    collection_id: str
    collection: str
    tier: int
    document_id: str
    position: int
    source: str
    extractor: str
    code_fp: str
    code: Mapping[str, str]
    batch_id: str
    run_id: str
    trigger: str
    created_at: str
    updated_at: str
    reads: tuple[str, ...]
    carries: tuple[str, ...]
    reason: str
    why: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        return VERDICTS.get(self.reason, self.reason.replace("_", " "))

    @property
    def is_current(self) -> bool:
        return self.reason in (planning.UNCHANGED, planning.KNOWN_EMPTY)

    @property
    def is_going(self) -> bool:
        """Whether it will be removed, because its source is gone or not wanted any more."""
        return self.reason in (planning.ORPHANED, planning.FILTERED, planning.MISSING)


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
    def stale_above(self) -> list[Made]:
        """Documents on the way that are not up to date: what comes of them may change this one."""
        return [made for made in self.steps[:-1] if not made.is_current]

    @property
    def would_rerun(self) -> list[str]:
        """What would make the document again, a sentence each."""
        made = self.document
        code = [name.replace(":", " ", 1) for name in sorted(made.code)]
        return [
            f"a change of what it reads: {', '.join(made.reads) or 'nothing'}",
            f"a change of the code, its parameters, dependencies or weights: {', '.join(code) or made.code_fp}",
            *([f"a change of {', '.join(made.carries)} only rewrites that field"] if made.carries else []),
            "`mixpeek reprocess --force`",
        ]

    def as_dict(self) -> dict[str, Any]:
        steps = [
            {**asdict(made), "code": dict(made.code), "verdict": made.verdict, "current": made.is_current}
            for made in self.steps
        ]
        return {
            "document_id": self.document.document_id,
            "object_id": self.object_id,
            "object_key": self.object_key,
            "object_exists": self.object_exists,
            "bucket": self.bucket,
            "steps": steps,
            "current": self.document.is_current and not self.stale_above,
            "would_rerun": self.would_rerun,
        }
