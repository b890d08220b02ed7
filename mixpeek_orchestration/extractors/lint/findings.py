"""Findings made from rules: the id decides the severity, the check says what it saw and what to do."""

from __future__ import annotations

import ast
import reprlib
from typing import Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.table import RULES


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 60


_SHORT: Final = _Short()


def finding(rule: str, file: str, where: ast.AST | int, message: str, fix: str) -> Finding:
    """A finding of `rule` at a node or line of `file`."""
    line = where if isinstance(where, int) else getattr(where, "lineno", 0)
    return Finding(file, line, rule, message, fix, RULES[rule].severity)


def shown(value: object) -> str:
    """`value` as a message quotes it: short, on one line."""
    return _SHORT.repr(value)
