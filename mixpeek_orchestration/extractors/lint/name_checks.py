"""Undefined names and expressions that cannot be meant, found by pyflakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.package import LintedPackage

_UNDEFINED: Final = ("UndefinedName", "UndefinedLocal", "UndefinedExport")
_REPEATED: Final = ("MultiValueRepeatedKeyLiteral",)
_DECEPTIVE: Final = ("AssertTuple", "IfTuple", "IsLiteral", "RaiseNotImplemented", "InvalidPrintSyntax")
_FORMATS: Final = ("PercentFormat", "StringDotFormat")


def name_findings(package: LintedPackage) -> Iterator[Finding]:
    """What pyflakes is sure of. Unused names are the author's business."""
    from pyflakes.checker import Checker

    for file, tree in package.trees.items():
        for message in Checker(tree, filename=file).messages:
            yield from _translated(file, message)


def _translated(file: str, message: Any) -> Iterator[Finding]:
    kind, line = type(message).__name__, message.lineno
    if kind in _UNDEFINED:
        name = message.message_args[0]
        fix = f"Import or define {name}."
        yield finding("NAM001", file, line, f"{name} is not defined.", fix)
    elif kind in _REPEATED:
        key = message.message_args[0]
        fix = "Keep one of them."
        yield finding("NAM003", file, line, f"The key {key!r} is given twice with different values.", fix)
    elif kind in _DECEPTIVE or kind.startswith(_FORMATS):
        text = message.message % message.message_args
        yield finding("NAM002", file, line, f"{text[:1].upper()}{text[1:]}.", "Correct the expression.")
