"""What a rule is: one thing that lint looks for, why it matters, and a pair of examples that proves both sides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mixpeek_orchestration.core.finding import Severity


class Category(StrEnum):
    """What kind of harm a rule prevents."""

    CORRECTNESS = "correctness"
    SECURITY = "security"
    PERFORMANCE = "performance"
    STYLE = "style"


@dataclass(frozen=True)
class Rule:
    """One row of the rule table.

    `bad` and `good` are put at the end of `file` in a package that is otherwise fine (or are the whole file where
    `whole_file` is set; `None` is a missing file): with `bad` lint reports the rule, with `good` nothing at all.
    """

    id: str
    category: Category
    severity: Severity
    title: str
    why: str
    file: str
    bad: str | None
    good: str | None
    whole_file: bool = False
