"""Loads packages under private module names, from their snapshots, with the documented import roots rewritten.

Two packages may have equal module names, and an edited working copy loads beside its former self: the private name
holds the hash of path and content. Nothing named `shared` or `engine` enters `sys.modules`.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import re
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Final

from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.extractors.import_rewriting import rewrite
from mixpeek_orchestration.extractors.package_source import PackageSource

_PREFIX: Final = "mixpeek_package_"
_LOCK = threading.RLock()


def private_name(source: PackageSource) -> str:
    """The name under which this state of this package is imported."""
    readable = re.sub(r"\W", "_", source.path.name)
    return f"{_PREFIX}{readable}_{digest(str(source.path), source.tree_fp)[:16]}"


def load_module(source: PackageSource, dotted: str) -> ModuleType:
    """The module `dotted` of the package, imported; whatever it raises comes back as `InvalidPackage`."""
    name = f"{private_name(source)}.{dotted}" if dotted else private_name(source)
    with _LOCK:
        _finder().add(source)
    try:
        return importlib.import_module(name)
    except MixpeekError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidPackage(
            f"{dotted or '__init__'} of the package {source.path.name!r} cannot be imported: "
            f"{type(error).__name__}: {_public(str(error), source)}",
            field=source.module_file(dotted) or dotted,
            value=type(error).__name__,
            fix="Run it alone to see the traceback; a missing library belongs in `dependencies`.",
        ) from error


def _public(message: str, source: PackageSource) -> str:
    return message.replace(private_name(source), source.path.name)


def _finder() -> PackageFinder:
    found = next((finder for finder in sys.meta_path if isinstance(finder, PackageFinder)), None)
    if found is None:
        found = PackageFinder()
        # First, because a package's `__path__` is its real folder, where the path finder would find it unrewritten.
        sys.meta_path.insert(0, found)
    return found


class PackageFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of the packages it was given, by their private names only."""

    def __init__(self) -> None:
        self._sources: dict[str, PackageSource] = {}

    def add(self, source: PackageSource) -> None:
        """From now on the package can be imported. Kept for the life of the process: instances of an older state
        may still import modules inside their methods."""
        self._sources.setdefault(private_name(source), source)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        root, _, dotted = fullname.partition(".")
        source = self._sources.get(root)
        if source is None:
            return None
        file = source.module_file(dotted)
        if file is None and not source.is_folder(dotted):
            return None
        return _spec(fullname, source, dotted, file)


def _spec(fullname: str, source: PackageSource, dotted: str, file: str | None) -> ModuleSpec:
    is_package = file is None or file.endswith("__init__.py")
    loader = PackageLoader(source, file)
    origin = str(source.path / file) if file else None
    spec = ModuleSpec(fullname, loader, origin=origin, is_package=is_package)
    spec.has_location = origin is not None
    if is_package:
        spec.submodule_search_locations = [str(source.path / dotted.replace(".", "/"))]
    return spec


class PackageLoader(importlib.abc.InspectLoader):
    """Compiles one module from the snapshot, rewritten; a folder without `__init__.py` is an empty module."""

    def __init__(self, source: PackageSource, file: str | None) -> None:
        self._source = source
        self._file = file

    def get_source(self, fullname: str) -> str:
        del fullname
        return self._source.modules[self._file] if self._file else ""

    def get_code(self, fullname: str) -> CodeType:
        if self._file is None:
            return compile("", fullname, "exec")
        tree = rewrite(self._source, self._file, fullname.partition(".")[0]).tree
        return compile(tree, str(self._source.path / self._file), "exec", dont_inherit=True)

    def is_package(self, fullname: str) -> bool:
        del fullname
        return self._file is None or self._file.endswith("__init__.py")
