"""What a check of a package has to say: one finding per place, with the rule it breaks and the fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error stops a package from being published; a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True)
class Finding:
    """One place in a package that breaks a rule. `line` counts from 1 and is 0 for the file as a whole."""

    file: str
    line: int
    rule: str
    message: str
    fix: str = ""
    severity: Severity = Severity.ERROR

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON shows it."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "fix": self.fix,
        }

    @property
    def line_of_text(self) -> str:
        """The finding as compilers print theirs."""
        fix = f" {self.fix}" if self.fix else ""
        return f"{self.file}:{self.line}: {self.severity} {self.rule} {self.message}{fix}"


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings stops the package."""
    return any(finding.severity is Severity.ERROR for finding in findings)
