"""The imports that an author's tests use: the package by its own name, and the documented roots.

Only in the process of those tests: in workers and replicas a package has a private name, and the roots do not exist.
Both lead to what the loader made, so that a class imported by a test is the one that the pipeline runs.
"""

from __future__ import annotations

import importlib
import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from mixpeek_orchestration.extractors.import_roots import ROOTS, resolve_root
from mixpeek_orchestration.extractors.loader import load_module
from mixpeek_orchestration.extractors.package_source import PackageSource

_LAYOUT: Final = ("manifest", "pipeline", "realtime", "processors")


def make_importable(source: PackageSource) -> None:
    """From now on the package and the documented roots can be imported in this process."""
    sys.meta_path.insert(0, AuthorFinder(source))


class AuthorFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of one package by the names that its author gives them, and the documented roots."""

    def __init__(self, source: PackageSource) -> None:
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        dotted = self._own(fullname)
        if dotted is not None:
            return self._own_spec(fullname, dotted)
        if fullname.partition(".")[0] in ROOTS:
            return ModuleSpec(fullname, _RootLoader(), is_package=True)
        return None

    def _own(self, fullname: str) -> str | None:
        first, _, rest = fullname.partition(".")
        if first in self._source.own_names:
            return rest
        return fullname if first in _LAYOUT else None

    def _own_spec(self, fullname: str, dotted: str) -> ModuleSpec | None:
        file = self._source.module_file(dotted)
        if dotted and file is None and not self._source.is_folder(dotted):
            return None  # not part of what is published, the tests for example
        is_package = file is None or file.endswith("__init__.py")
        spec = ModuleSpec(fullname, _AliasLoader(self._source, dotted), is_package=is_package)
        if is_package:
            spec.submodule_search_locations = [str(self._source.path / dotted.replace(".", "/"))]
        return spec


class _AliasLoader(importlib.abc.Loader):
    """Hands out the module that the package's own loader made."""

    def __init__(self, source: PackageSource, dotted: str) -> None:
        self._source = source
        self._dotted = dotted
        self._made: tuple[ModuleSpec | None, Any] = (None, None)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        del spec
        module = load_module(self._source, self._dotted)
        self._made = (module.__spec__, module.__loader__)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module ran already; what the import system wrote into it is put back."""
        module.__spec__, module.__loader__ = self._made


class _RootLoader(importlib.abc.Loader):
    """A documented root, or a module below one."""

    def create_module(self, spec: ModuleSpec) -> None:
        del spec

    def exec_module(self, module: ModuleType) -> None:
        target = resolve_root(module.__name__)
        if target is None or not target.exists:
            return
        real = importlib.import_module(target.module)
        module.__doc__ = real.__doc__
        module.__all__ = list(getattr(real, "__all__", ()))  # type: ignore[attr-defined]
        module.__getattr__ = lambda name: getattr(real, name)  # type: ignore[method-assign]
