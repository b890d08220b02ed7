"""Where packages are tested, with the runner and the store of content of production."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.settings import Settings

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.platform import Platform
    from mixpeek_orchestration.engine.harness import Harness


def open_harness(root: Path) -> Harness:
    """Where packages are tested: with the runner and the store of content of production, all state below `root`."""
    from mixpeek_orchestration.core.ports.platform import PlatformReference
    from mixpeek_orchestration.engine.harness import Harness
    from mixpeek_orchestration.stores.objects import open_objects

    return Harness(root, open_objects, PlatformReference(open_rehearsal, {"root": str(root)}))


def open_rehearsal(config: Mapping[str, Any]) -> Platform:
    """What steps may ask for while their package is tested; `root` is the folder of the test."""
    from mixpeek_orchestration.core.ports.platform import PlatformReference
    from mixpeek_orchestration.extractors.testing.rehearsal import RehearsalPlatform
    from mixpeek_orchestration.stores.objects import open_objects

    settings, root = Settings(), Path(config["root"])
    llm = {
        "base_urls": settings.llm_base_urls,
        "prices": settings.llm_prices,
        "options": settings.llm_options,
        "timeout_s": settings.llm_timeout_s,
        "retries": settings.llm_retries,
    }
    objects = open_objects({"url": str(root / "objects")})
    return RehearsalPlatform(PlatformReference(open_rehearsal, config), objects, llm=llm, cache=root / "llm")
