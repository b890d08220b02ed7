"""`# mixpeek: ignore[RULE]` at the end of a line takes that rule off it. Security rules stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.package import LintedPackage
from mixpeek_orchestration.extractors.lint.rule import Category
from mixpeek_orchestration.extractors.lint.table import RULES

_COMMENT: Final = re.compile(r"#\s*mixpeek:\s*ignore\s*\[(?P<rules>[^\]]*)\]", re.IGNORECASE)


def without_suppressed(package: LintedPackage, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings that no comment takes off their line, and one for each comment that cannot hold."""
    wanted = dict(_comments(package))
    for one in findings:
        suppressed = one.rule in wanted.get((one.file, one.line), ())
        if not suppressed or not _can_be_suppressed(one.rule):
            yield one
    for (file, line), rules in wanted.items():
        for rule in rules:
            if not _can_be_suppressed(rule):
                reason = "is a security rule and stays" if rule in RULES else "is not a rule"
                fix = (
                    "Take the comment away." if rule in RULES else "`mixpeek plugin lint --rules` lists them."
                )
                yield finding("SUP001", file, line, f"{rule or 'An empty name'} {reason}.", fix)


def _can_be_suppressed(rule: str) -> bool:
    return rule in RULES and RULES[rule].category is not Category.SECURITY


def _comments(package: LintedPackage) -> Iterator[tuple[tuple[str, int], tuple[str, ...]]]:
    for file in package.trees:
        for number, line in enumerate(package.texts[file].splitlines(), start=1):
            match = _COMMENT.search(line)
            if match:
                rules = tuple(rule.strip().upper() for rule in match["rules"].split(","))
                yield (file, number), rules
