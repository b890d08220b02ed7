"""The import roots that Mixpeek's documentation gives to packages, and the module of ours that each leads to.

One table for the loader, which rewrites imports, and for lint, which reads them. A module of ours is imported only
when one of its names is asked for.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_EXTRACTORS: Final = "mixpeek_orchestration.extractors"
SDK: Final = f"{_EXTRACTORS}.sdk"
ABSENT: Final = f"{_EXTRACTORS}.absent"
"""What an import leads to that the documentation does not know: a module that does not exist."""

ROOTS: Final = frozenset({"shared", "engine", "mixpeek_dev", "api"})

_BUILDER: Final = f"{_EXTRACTORS}.documented.builder"
_SERVICES: Final = f"{_EXTRACTORS}.documented.services"
_INFERENCE: Final = f"{_EXTRACTORS}.documented.inference"
_MODELS: Final = f"{_EXTRACTORS}.models"

_TABLE: Final[dict[str, str]] = {
    "engine.extractors.*.pipeline": SDK,
    "engine.plugins.extractors.pipeline": SDK,
    "engine.plugins.extractors.builder": _BUILDER,
    "engine.pipelines.models": _BUILDER,
    "engine.services": _SERVICES,
    "engine.services.batch": SDK,
    "engine.services.container": _SERVICES,
    "engine.inference.services": SDK,
    "engine.inference.*.*.services": _INFERENCE,
    "engine.models": _MODELS,
    "engine.models.lazy": _MODELS,
    "engine.models.loader": _MODELS,
    "shared.extractors": SDK,
    "shared.extractors.sdk": SDK,
    "shared.extractors.inference.serve": SDK,
    "shared.plugins": SDK,
    "shared.plugins.sdk": SDK,
    "shared.plugins.inference.serve": SDK,
    "shared.plugins.inference.batch": SDK,
    "shared.models": _MODELS,
    "shared.models.lazy": _MODELS,
    "shared.models.loader": _MODELS,
    "shared.inference.registry": _INFERENCE,
    "shared.inference.*.*.models": _INFERENCE,
    "shared.collection.features.extractors.models": f"{_EXTRACTORS}.documented.registration",
    "shared.collection.features.vectors.models": f"{_EXTRACTORS}.documented.vectors",
    "shared.billing.models": f"{_EXTRACTORS}.documented.billing",
    "shared.loggers.services": f"{_EXTRACTORS}.documented.logs",
    "shared.utilities.files": f"{_EXTRACTORS}.documented.files",
    "shared.utilities.content.enums": f"{_EXTRACTORS}.documented.content",
    "mixpeek_dev.models": _MODELS,
    "api.namespaces.plugins.security.scanner": f"{_EXTRACTORS}.documented.scanner",
}
"""By documented module, with `*` for any one name in it."""


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
    parts = dotted.split(".")
    if parts[0] not in ROOTS:
        return None
    for pattern, module in _TABLE.items():
        if len(pattern.split(".")) == len(parts) and _begins(pattern, parts):
            return Target(module, exists=True)
    return Target(f"{ABSENT}.{dotted}", exists=False)


def _begins(pattern: str, parts: Sequence[str]) -> bool:
    """Whether a documented module of this pattern is `parts`, or lies below it."""
    wanted = pattern.split(".")
    return len(wanted) >= len(parts) and all(
        one in ("*", part) for one, part in zip(wanted, parts, strict=False)
    )


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


class Root:
    """Stands for `shared` after `import shared.extractors.sdk`: attributes lead to the same modules."""

    def __init__(self, dotted: str) -> None:
        self._dotted = dotted

    def __getattr__(self, name: str) -> Any:
        target, below = resolve_root(self._dotted), f"{self._dotted}.{name}"
        if target is not None and name in target.names:
            return getattr(importlib.import_module(target.module), name)
        if any(_begins(pattern, below.split(".")) for pattern in _TABLE):
            return Root(below)
        raise AttributeError(f"{self._dotted} has no {name!r}.")


shared, engine, mixpeek_dev, api = Root("shared"), Root("engine"), Root("mixpeek_dev"), Root("api")
