"""The security scan: names that an extractor must not use, whatever they are called in its source.

A scan is a review aid. A package that wants to reach the interpreter can (`KNOWN_MISSES` in its tests lists ways);
what a package may do is decided by the process that it runs in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

from mixpeek_orchestration.core.finding import Finding, has_errors
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.names import Names, Scope, literal_text, read_names
from mixpeek_orchestration.extractors.lint.package import LintedPackage, parse_package
from mixpeek_orchestration.extractors.lint.reading import read_files
from mixpeek_orchestration.extractors.lint.security_names import ALLOWED, FIXES, FORBIDDEN, INTERNALS

DISCLAIMER: Final = (
    "The security scan is a review aid, not a boundary: it reads source and can be fooled. "
    "What a package may do is decided by the isolation that it runs in."
)
_LOOKS_TOO: Final = "importlib"
"""Importing it is forbidden; after `import importlib.metadata` its name alone is not."""
_DYNAMIC: Final = frozenset({"os", "sys", "builtins", "importlib", "asyncio", "io"})
_KEYS: Final = re.compile(
    r"(sk-[A-Za-z0-9_-]{20,}|sk_(?:live|test)_[A-Za-z0-9]{16,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}"
    r"|hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[A-Za-z0-9-]{20,}"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----)"
)


@dataclass(frozen=True)
class ScanResult:
    """What the security scan of a folder found. In strict mode a warning stops a package too."""

    passed: bool
    violations: tuple[Finding, ...]
    files_scanned: int
    note: str = DISCLAIMER


def scan_directory(path: str | Path, strict_mode: bool = False) -> ScanResult:
    """The security findings of the package at `path`, and whether it may be deployed as far as they go."""
    folder = Path(path)
    package = parse_package(read_files(folder), folder.resolve().name)
    violations = tuple(sorted({*package.unreadable, *scan(package)}))
    failed = bool(violations) if strict_mode else has_errors(violations)
    return ScanResult(not failed, violations, len(package.source.modules))


def scan(package: LintedPackage) -> Iterator[Finding]:
    """The security findings of all modules."""
    for file, tree in package.trees.items():
        yield from _Scan(file, read_names(tree), tree).findings()


class _Scan:
    def __init__(self, file: str, names: Names, tree: ast.Module) -> None:
        self._file = file
        self._names = names
        self._tree = tree
        self._imported: set[str] = set()

    def findings(self) -> Iterator[Finding]:
        yield from self._imports()
        for node, scope in self._names.uses:
            yield from self._of_meaning(node, scope)
            match node:
                case ast.Attribute(attr=name) if name in INTERNALS:
                    yield self._found("SEC010", node, f"{name} reaches into the interpreter.")
                case ast.Constant(value=str() as text):
                    yield from self._of_text(node, text)
                case ast.Call():
                    yield from self._of_call(node, scope)

    def _imports(self) -> Iterator[Finding]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._of_import(node, alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from self._of_import_from(node, node.module)

    def _of_import(self, node: ast.stmt, module: str) -> Iterator[Finding]:
        rule = forbidden(module)
        if rule:
            self._imported.add(f"{rule}:{module.partition('.')[0]}")
            yield self._found(rule, node, f"{module} is imported.")

    def _of_import_from(self, node: ast.ImportFrom, module: str) -> Iterator[Finding]:
        for alias in node.names:
            if alias.name == "*":
                yield from self._of_star(node, module)
                continue
            rule = forbidden(f"{module}.{alias.name}")
            if rule:
                self._imported.add(f"{rule}:{module.partition('.')[0]}")
                yield self._found(rule, node, f"{module}.{alias.name} is imported.")

    def _of_star(self, node: ast.ImportFrom, module: str) -> Iterator[Finding]:
        rule = forbidden(f"{module}.*")
        if rule:
            yield self._found(rule, node, f"{module} is imported.")
        elif any(name.startswith(f"{module}.") for name, _ in FORBIDDEN):
            yield self._found(
                "SEC012", node, f"`from {module} import *` brings in names that are not allowed."
            )

    def _of_meaning(self, node: ast.expr, scope: Scope) -> Iterator[Finding]:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            return
        for name in sorted(self._names.meanings(node, scope)):
            rule = forbidden(name)
            if rule and name != _LOOKS_TOO and f"{rule}:{name.partition('.')[0]}" not in self._imported:
                yield self._found(rule, node, f"{name.removeprefix('builtins.')} is used.")

    def _of_call(self, node: ast.Call, scope: Scope) -> Iterator[Finding]:
        called = self._names.meanings(node.func, scope)
        if "builtins.getattr" in called and len(node.args) > 1 and literal_text(node.args[1]) is None:
            for name in sorted(self._names.meanings(node.args[0], scope) & _DYNAMIC):
                yield self._found(
                    "SEC011", node, f"getattr takes a name from {name} that only a run can tell."
                )
        for word in node.keywords:
            switched = isinstance(word.value, ast.Constant) and word.value.value
            if word.arg == "trust_remote_code" and switched is True:
                yield self._found(
                    "SEC014", node, "trust_remote_code=True runs code from the model's repository."
                )
            off = isinstance(word.value, ast.Constant) and word.value.value is False
            if word.arg == "verify" and off and any(n.startswith(("requests.", "httpx.")) for n in called):
                yield self._found("SEC015", node, "verify=False accepts any certificate.")

    def _of_text(self, node: ast.Constant, text: str) -> Iterator[Finding]:
        match = _KEYS.search(text)
        if match:
            yield self._found("SEC013", node, f"The source holds a credential ({match[0][:6]}…).")

    def _found(self, rule: str, node: ast.AST, message: str) -> Finding:
        return finding(rule, self._file, node, message, FIXES[rule])


@cache
def forbidden(name: str) -> str | None:
    """The rule that forbids the dotted name, if one does."""
    if any(fnmatchcase(name, pattern) for pattern in ALLOWED):
        return None
    return next((rule for pattern, rule in FORBIDDEN if fnmatchcase(name, pattern)), None)
