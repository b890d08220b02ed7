"""The package that lint looks at: its modules as syntax trees, and the text of the files beside them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.package_source import MANIFEST, PIPELINE, REALTIME, PackageSource

__all__ = ["MANIFEST", "PIPELINE", "REALTIME", "LintedPackage", "Text", "parse_package"]

Text = str | bytes
_LARGEST: Final = 2_000_000
_SKIPPED: Final = frozenset({"tests", "__pycache__", "node_modules"})


@dataclass(frozen=True)
class LintedPackage:
    """The modules that parse, by path; `unreadable` are those that do not, each with its finding."""

    source: PackageSource
    trees: Mapping[str, ast.Module]
    texts: Mapping[str, str]
    names: frozenset[str]
    unreadable: tuple[Finding, ...] = ()

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The names under which its modules may import each other absolutely."""
        return self.source.own_names

    @property
    def is_whole(self) -> bool:
        """Whether every module parses: only then is it certain what no module does."""
        return not self.unreadable

    def module(self, dotted: str) -> str | None:
        """The file of the module `dotted` of this package, if it parses."""
        file = self.source.module_file(dotted)
        return file if file in self.trees else None

    def batch_modules(self) -> Iterator[tuple[str, ast.Module]]:
        """The modules whose code works on batches: all but the manifest and the realtime half."""
        return ((name, tree) for name, tree in self.trees.items() if name not in (MANIFEST, REALTIME))


def parse_package(files: Mapping[str, Text], name: str) -> LintedPackage:
    """The package in `files` (by path relative to its folder). Tests and hidden files are not part of it."""
    kept = {path: text for path, text in sorted(files.items()) if not is_skipped(path)}
    trees: dict[str, ast.Module] = {}
    texts: dict[str, str] = {}
    unreadable = []
    for path, raw in kept.items():
        if not is_read(path):
            continue
        if len(raw) > _LARGEST:
            unreadable.append(_too_large(path, len(raw)))
            continue
        try:
            texts[path] = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
            if path.endswith(".py"):
                trees[path] = _parsed(path, texts[path])
        except UnicodeDecodeError as error:
            unreadable.append(
                finding("PKG004", path, 0, f"{path} is not UTF-8 text: {error.reason}.", "Save it as UTF-8.")
            )
        except (RecursionError, MemoryError):
            unreadable.append(too_deep(path))
        except (SyntaxError, ValueError) as error:
            unreadable.append(_does_not_parse(path, error))
    modules = {path: text for path, text in texts.items() if path.endswith(".py")}
    return LintedPackage(
        PackageSource(Path(name), modules, {}), trees, texts, frozenset(kept), tuple(unreadable)
    )


def is_read(path: str) -> bool:
    """Whether lint looks into the file; of all others it knows the names."""
    return path.endswith(".py") or path in ("pyproject.toml", "requirements.txt")


def is_skipped(path: str) -> bool:
    """Whether `path` is not part of what the platform loads: tests, caches and hidden files."""
    parts = PurePosixPath(path).parts
    hidden = any(part.startswith(".") for part in parts)
    return hidden or any(part in _SKIPPED or part.endswith(".egg-info") for part in parts[:-1])


def _parsed(path: str, text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is the author's style, not ours to print
        tree = ast.parse(text, filename=path)
        compile(text, path, "exec", dont_inherit=True)  # finds `return` outside a function and its like
    return tree


def _too_large(path: str, size: int) -> Finding:
    message = f"{path} has {size / 1e6:.1f} MB, which is more than code."
    return finding("PKG004", path, 0, message, "Keep data in data files: JSON, Parquet, .npy.")


def too_deep(path: str) -> Finding:
    """Source that is nested beyond what Python's own parser, or this check, can follow."""
    message = f"{path} is nested too deeply to be followed."
    return finding("PKG004", path, 0, message, "Split long expressions into statements.")


def _does_not_parse(path: str, error: SyntaxError | ValueError) -> Finding:
    line = getattr(error, "lineno", None) or 0
    reason = getattr(error, "msg", None) or str(error)
    return finding("PKG003", path, line, f"{path} is not valid Python: {reason}.", "Correct the syntax.")
