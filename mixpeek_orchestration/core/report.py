"""The account of one tier of one run: every source item is in exactly one counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from mixpeek_orchestration.core.errors import Broken

Outcome = Literal["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED"]


@dataclass(frozen=True)
class Usage:
    """What a run cost: seconds of wall, CPU and GPU, peak resident bytes of one worker, dollars paid to others."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    peak_rss_bytes: int = 0
    runner: str = ""
    api_usd: float = 0.0


@dataclass(frozen=True)
class TierReport:
    """Counts in source items, except `rows_*` which count documents.

    fetched = source_filtered + missing_input + unchanged + submitted
    submitted = written + empty + failed + not_run

    `patched` items are part of `unchanged`: nothing was extracted, only carried fields were rewritten.
    `partial` items are part of `failed`: their good rows were written.
    `deleted` counts orphaned items whose documents were removed; they are not among the fetched.
    `generation_id` is the generation that was worked on, empty where nobody said.
    """

    collection_id: str
    fetched: int = 0
    source_filtered: int = 0
    missing_input: int = 0
    unchanged: int = 0
    submitted: int = 0
    written: int = 0
    empty: int = 0
    failed: int = 0
    not_run: int = 0
    patched: int = 0
    partial: int = 0
    deleted: int = 0
    rows_written: int = 0
    rows_deleted: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    first_error: str | None = None
    table_version: int = 0
    usage: Usage = field(default_factory=Usage)
    generation_id: str = ""

    def check(self) -> TierReport:
        """This report; raises `Broken` with both sides of the equation when it does not balance."""
        arrived = self.source_filtered + self.missing_input + self.unchanged + self.submitted
        ended = self.written + self.empty + self.failed + self.not_run
        if self.fetched != arrived or self.submitted != ended:
            raise Broken(
                f"The account of {self.collection_id} does not balance: fetched {self.fetched} against {arrived}, "
                f"submitted {self.submitted} against {ended}.",
                report=self.as_dict(),
            )
        return self

    @property
    def outcome(self) -> Outcome:
        """`FAILED` with nothing but failures, `COMPLETED_WITH_ERRORS` with some, `CANCELED` when work was left."""
        if self.failed and self.failed == self.submitted and not (self.unchanged or self.partial):
            return "FAILED"
        if self.failed:
            return "COMPLETED_WITH_ERRORS"
        return "CANCELED" if self.not_run else "COMPLETED"

    @property
    def line(self) -> str:
        """The one line in which every run and batch ends."""
        parts = [
            f"{self.written} written",
            f"{self.unchanged} unchanged",
            f"{self.source_filtered + self.missing_input} filtered",
            f"{self.empty} empty",
            f"{self.failed} failed",
        ]
        parts += [
            f"{count} {name}"
            for name, count in (
                ("patched", self.patched),
                ("deleted", self.deleted),
                ("not run", self.not_run),
            )
            if count
        ]
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TierReport:
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        return cls(**{**values, "usage": Usage(**data.get("usage", {}))})


_COUNTERS = tuple(f.name for f in fields(TierReport) if f.type == "int" and f.name != "table_version")


def total(reports: list[TierReport], *, collection_id: str = "") -> TierReport:
    """The sum of several reports, reasons and usage included."""
    sums = {name: sum(getattr(report, name) for report in reports) for name in _COUNTERS}
    reasons: dict[str, int] = {}
    for report in reports:
        for reason, count in report.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    usage = Usage(
        wall_s=sum(r.usage.wall_s for r in reports),
        cpu_s=sum(r.usage.cpu_s for r in reports),
        gpu_s=sum(r.usage.gpu_s for r in reports),
        peak_rss_bytes=max((r.usage.peak_rss_bytes for r in reports), default=0),
        api_usd=sum(r.usage.api_usd for r in reports),
    )
    first_error = next((r.first_error for r in reports if r.first_error), None)
    return TierReport(collection_id, **sums, reasons=reasons, first_error=first_error, usage=usage)
