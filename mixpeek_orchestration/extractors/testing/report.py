"""What a test of a package answers: one check after the other, and what the run cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.finding import Finding, has_errors
from mixpeek_orchestration.extractors.testing.rules import Rule


@dataclass(frozen=True)
class Check:
    """One fact about a package, looked at. `message` says in one line what was seen; `output` is shown on request."""

    name: str
    ok: bool
    message: str = ""
    findings: tuple[Finding, ...] = ()
    output: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The check as JSON shows it."""
        shown = {
            "name": self.name,
            "ok": self.ok,
            "message": self.message,
            "findings": [finding.as_dict() for finding in self.findings],
        }
        return {**shown, "output": self.output} if self.output else shown


@dataclass(frozen=True)
class Report:
    """All checks of one package; `resources` holds measured numbers, which are never judged."""

    checks: tuple[Check, ...]
    resources: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON shows it."""
        return {
            "ok": self.ok,
            "checks": [check.as_dict() for check in self.checks],
            "resources": dict(self.resources),
        }


def judged(name: str, message: str, findings: list[Finding] | tuple[Finding, ...] = ()) -> Check:
    """The check that fails exactly when one of its findings is an error."""
    return Check(name, not has_errors(findings), message, tuple(findings))


def failed(name: str, rule: Rule, error: MixpeekError, *, file: str = "pipeline.py") -> Check:
    """The check that an expected error ended."""
    found = rule.finding(error.message, file=_file_of(error) or file, fix=error.fix or "")
    return Check(name, False, rule.what, (found,))


def _file_of(error: MixpeekError) -> str | None:
    """The module that the error names as its field, when it does."""
    file = (error.field or "").partition(":")[0]
    return file if file.endswith(".py") else None
