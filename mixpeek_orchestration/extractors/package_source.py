"""A package as it is on disk at one moment: everything that decides what it computes is read exactly once.

Code is compiled from this snapshot, so that a module imported late (inside a method, an hour after the load) is the
one that was fingerprinted, whatever happened to the file since.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.identity import digest

MANIFEST, PIPELINE, REALTIME = "manifest.py", "pipeline.py", "realtime.py"
_NAME_KEYS = ("feature_extractor_name", "metadata name")
_SKIPPED_FOLDERS = ("tests", "__pycache__", "*.egg-info", "node_modules")
_NOT_DATA = ("README*", "LICENSE*", "CHANGELOG*", "LLM_GUIDE*", "pyproject.toml", "uv.lock", "*.pyc")

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class PackageSource:
    """The modules (text by relative path) and data files (SHA-256 by relative path) of a package folder."""

    path: Path
    modules: Mapping[str, str]
    data: Mapping[str, str]

    @cached_property
    def tree_fp(self) -> str:
        """Changes with any byte of any module or data file: what a loaded copy in memory is keyed by."""
        listed = [*sorted(self.modules.items()), *sorted(self.data.items())]
        return digest(*[part for pair in listed for part in pair])

    @cached_property
    def trees(self) -> Mapping[str, ast.Module]:
        """The syntax tree of every module; raises `InvalidPackage` with file and line where one does not parse."""
        return {name: _parse(name, text) for name, text in self.modules.items()}

    @property
    def own_names(self) -> frozenset[str]:
        """The names under which the package's modules may import each other absolutely. A name with hyphens is
        imported with underscores."""
        names = {self.path.name, *_declared_names(self.modules.get(MANIFEST, ""))}
        return frozenset({*names, *(name.replace("-", "_") for name in names)})

    def module_file(self, dotted: str) -> str | None:
        """The relative path of the module `dotted` (`processors.core`), `""` being the package itself."""
        base = dotted.replace(".", "/")
        candidates = (f"{base}.py", f"{base}/__init__.py") if dotted else ("__init__.py",)
        return next((name for name in candidates if name in self.modules), None)

    def is_folder(self, dotted: str) -> bool:
        """Whether `dotted` is a folder that holds modules."""
        prefix = dotted.replace(".", "/") + "/" if dotted else ""
        return any(name.startswith(prefix) for name in self.modules)


def read_package(path: Path) -> PackageSource:
    """The snapshot of the package folder at `path`; raises `InvalidPackage` when it lacks what every package has."""
    folder = path.resolve()
    files = package_files(folder)
    modules = {name: _text(file, name) for name, file in files.items() if name.endswith(".py")}
    data = {name: _sha256(file) for name, file in files.items() if not name.endswith(".py")}
    for required in (MANIFEST, PIPELINE):
        if required not in modules:
            raise InvalidPackage(
                f"The package {folder.name!r} has no {required}.",
                field=required,
                value=str(folder),
                fix=f"Add {required} at the top of the package folder.",
            )
    return PackageSource(folder, modules, data)


def package_files(folder: Path) -> dict[str, Path]:
    """Every file that belongs to the package, by path relative to it."""
    found = {}
    for file in sorted(folder.rglob("*")):
        relative = file.relative_to(folder)
        if _is_skipped(relative) or not file.is_file():
            continue
        found[relative.as_posix()] = file
    return found


def signature(folder: Path) -> Signature:
    """Names, times and sizes of the package's files: equal while nothing was edited."""
    states = ((name, file.stat()) for name, file in package_files(folder).items())
    return tuple((name, state.st_mtime_ns, state.st_size) for name, state in states)


def _is_skipped(relative: Path) -> bool:
    folders = relative.parts[:-1]
    if any(part.startswith(".") for part in relative.parts):
        return True
    if any(fnmatch(part, pattern) for part in folders for pattern in _SKIPPED_FOLDERS):
        return True
    return any(fnmatch(relative.name, pattern) for pattern in _NOT_DATA)


def _text(file: Path, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidPackage(
            f"{name} is not UTF-8 text.", field=name, value=str(error), fix="Save it as UTF-8."
        ) from error


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _parse(name: str, text: str) -> ast.Module:
    try:
        return ast.parse(text, filename=name)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise InvalidPackage(
            f"{name} does not parse: {getattr(error, 'msg', error)} (line {line}).",
            field=name,
            value=(getattr(error, "text", "") or "").strip(),
            fix="Correct the syntax.",
        ) from error


def _declared_names(manifest: str) -> set[str]:
    """Names that the manifest gives as literals, found without running it."""
    try:
        tree = ast.parse(manifest)
    except (SyntaxError, ValueError):
        return set()  # reported by `trees`, with file and line
    named = [value for key, value in [*_named_values(tree), *_metadata_name(tree)] if key in _NAME_KEYS]
    values = [value.value for value in named if isinstance(value, ast.Constant)]
    return {value for value in values if isinstance(value, str)}


def _metadata_name(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """The older key `name`, which counts in the `metadata` dict only: it may mean anything elsewhere."""
    for node in tree.body:
        if not isinstance(node, ast.Assign) or ast.unparse(node.targets[0]) != "metadata":
            continue
        if isinstance(node.value, ast.Dict):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return [
                ("metadata name", value)
                for key, value in pairs
                if isinstance(key, ast.Constant) and key.value == "name"
            ]
    return []


def _named_values(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    pairs: list[tuple[str, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            pairs += [
                (key, value) for key, value in zip(keys, node.values, strict=True) if isinstance(key, str)
            ]
        elif isinstance(node, ast.keyword) and node.arg:
            pairs.append((node.arg, node.value))
        elif isinstance(node, ast.Assign):
            pairs += [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
    return pairs
