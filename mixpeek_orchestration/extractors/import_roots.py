"""The import roots that Mixpeek's documentation gives to packages, and what each of them means here."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

SDK: Final = "mixpeek_orchestration.extractors.sdk"
ABSENT: Final = "mixpeek_orchestration.extractors.absent"
ROOTS: Final = frozenset({"shared", "engine", "mixpeek_dev", "api"})

_SDK_MODULES: Final = re.compile(
    r"engine\.extractors\.\w+\.pipeline"
    r"|engine\.plugins\.extractors\.pipeline"
    r"|shared\.(?:extractors|plugins)(?:\.sdk|\.inference\.serve)?"
    r"|shared\.collection\.features\.extractors\.models"
)
_DOCUMENTED_MODULES: Final = re.compile(
    r"engine\.plugins\.extractors\.builder"
    r"|engine\.pipelines\.models"
    r"|engine\.services(?:\.batch|\.container)?"
    r"|(?:engine|shared)\.inference(?:\.\w+)*"
    r"|shared\.plugins\.inference\.batch"
    r"|(?:engine|shared)\.models(?:\.lazy|\.loader)?"
    r"|shared\.collection\.features\.vectors\.models"
    r"|shared\.billing\.models"
    r"|shared\.loggers\.services"
    r"|shared\.utilities(?:\.\w+)*"
    r"|mixpeek_dev(?:\.\w+)*"
    r"|api\.namespaces\.plugins\.security\.scanner"
)


@dataclass(frozen=True)
class Target:
    """Where an import leads: a module of ours, or nothing yet (`documented` tells which of the two it is)."""

    module: str
    exists: bool
    documented: bool


def resolve_root(dotted: str) -> Target | None:
    """What `dotted` means; `None` when it is not under a documented root at all."""
    if dotted.split(".", 1)[0] not in ROOTS:
        return None
    if _SDK_MODULES.fullmatch(dotted):
        return Target(SDK, exists=True, documented=True)
    return Target(f"{ABSENT}.{dotted}", exists=False, documented=bool(_DOCUMENTED_MODULES.fullmatch(dotted)))


@cache
def sdk_names() -> frozenset[str]:
    """What can be imported from the SDK."""
    return frozenset(importlib.import_module(SDK).__all__)


class Root:
    """Stands for `shared` after `import shared.extractors.sdk`: attributes lead to the same modules."""

    def __init__(self, dotted: str) -> None:
        self._dotted = dotted

    def __getattr__(self, name: str) -> Any:
        dotted = f"{self._dotted}.{name}"
        target = resolve_root(self._dotted)
        if target is not None and target.exists and name in sdk_names():
            return getattr(importlib.import_module(SDK), name)
        return Root(dotted)


shared, engine, mixpeek_dev, api = Root("shared"), Root("engine"), Root("mixpeek_dev"), Root("api")
