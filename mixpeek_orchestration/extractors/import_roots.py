"""The import roots that Mixpeek's documentation gives to packages, and the module of ours that each leads to.

One table for the loader, which rewrites imports, and for lint, which reads them. A module of ours is imported only
when one of its names is asked for.
"""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_EXTRACTORS: Final = "mixpeek_orchestration.extractors"
SDK: Final = f"{_EXTRACTORS}.sdk"
ABSENT: Final = f"{_EXTRACTORS}.absent"
"""What an import leads to that the documentation does not know: a module that does not exist."""

ROOTS: Final = frozenset({"shared", "engine", "mixpeek_dev", "api"})

_TABLE: Final[tuple[tuple[str, str], ...]] = (
    (r"engine\.extractors\.\w+\.pipeline", SDK),
    (r"engine\.plugins\.extractors\.pipeline", SDK),
    (r"engine\.plugins\.extractors\.builder", f"{_EXTRACTORS}.documented.builder"),
    (r"engine\.pipelines\.models", f"{_EXTRACTORS}.documented.builder"),
    (r"engine\.services\.batch", SDK),
    (r"engine\.services(?:\.container)?", f"{_EXTRACTORS}.documented.services"),
    (r"engine\.inference\.services", SDK),
    (r"engine\.inference\.\w+\.\w+\.services(?:\.\w+)*", f"{_EXTRACTORS}.documented.inference"),
    (r"engine\.models(?:\.lazy|\.loader)?", f"{_EXTRACTORS}.models"),
    (r"shared\.models(?:\.lazy|\.loader)?", f"{_EXTRACTORS}.models"),
    (r"mixpeek_dev\.models", f"{_EXTRACTORS}.models"),
    (r"shared\.(?:extractors|plugins)(?:\.sdk|\.inference\.serve)?", SDK),
    (r"shared\.plugins\.inference\.batch", SDK),
    (r"shared\.inference\.registry", f"{_EXTRACTORS}.documented.inference"),
    (r"shared\.inference\.\w+\.\w+\.models", f"{_EXTRACTORS}.documented.inference"),
    (r"shared\.collection\.features\.extractors\.models", f"{_EXTRACTORS}.documented.registration"),
    (r"shared\.collection\.features\.vectors\.models", f"{_EXTRACTORS}.documented.vectors"),
    (r"shared\.billing\.models", f"{_EXTRACTORS}.documented.billing"),
    (r"shared\.loggers\.services", f"{_EXTRACTORS}.documented.logs"),
    (r"shared\.utilities\.files", f"{_EXTRACTORS}.documented.files"),
    (r"shared\.utilities\.content\.enums", f"{_EXTRACTORS}.documented.content"),
    (r"api\.namespaces\.plugins\.security\.scanner", f"{_EXTRACTORS}.documented.scanner"),
)
_ROUTES: Final = tuple((re.compile(pattern), module) for pattern, module in _TABLE)


@dataclass(frozen=True)
class Target:
    """Where an import leads: a module of ours, or nowhere because no document knows it."""

    module: str
    exists: bool

    @property
    def names(self) -> frozenset[str]:
        """What can be imported from it."""
        return exported(self.module) if self.exists else frozenset()


def resolve_root(dotted: str) -> Target | None:
    """What `dotted` means; `None` when it is not under a documented root at all."""
    if dotted.split(".", 1)[0] not in ROOTS:
        return None
    for pattern, module in _ROUTES:
        if pattern.fullmatch(dotted):
            return Target(module, exists=True)
    return Target(f"{ABSENT}.{dotted}", exists=False)


def resolve_name(module: str, name: str) -> tuple[Target, bool] | None:
    """Where `from module import name` finds its name, and whether that is a whole module; `None` when it does not."""
    target, below = resolve_root(module), resolve_root(f"{module}.{name}")
    if target is not None and (name in target.names or (name == "*" and target.exists)):
        return target, False
    return (below, True) if below is not None and below.exists else None


@cache
def exported(module: str) -> frozenset[str]:
    """The names in `__all__` of a module of ours, read from its source: nothing is imported for it."""
    for node in ast.parse(_source(module).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    raise AttributeError(f"{module} has no __all__.")


def _source(module: str) -> Path:
    """The file of a module of ours. Asking importlib for it would import the packages above it."""
    base = Path(__file__).parent.joinpath(*module.removeprefix(f"{_EXTRACTORS}.").split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def sdk_names() -> frozenset[str]:
    """What can be imported from the SDK."""
    return exported(SDK)


class Root:
    """Stands for `shared` after `import shared.extractors.sdk`: attributes lead to the same modules."""

    def __init__(self, dotted: str) -> None:
        self._dotted = dotted

    def __getattr__(self, name: str) -> Any:
        target = resolve_root(self._dotted)
        if target is not None and name in target.names:
            return getattr(importlib.import_module(target.module), name)
        if name.startswith("__"):
            raise AttributeError(name)
        return Root(f"{self._dotted}.{name}")


shared, engine, mixpeek_dev, api = Root("shared"), Root("engine"), Root("mixpeek_dev"), Root("api")
