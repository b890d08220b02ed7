"""The environment in which every process of a stack runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.processes import SERVICE_MARK, environment_mark
from mixpeek_orchestration.cli.stack.services import LOOPBACK, own_ray_address
from mixpeek_orchestration.settings import Settings

# What the caller's shell may have set for clients, for another Dagster or Ray, or for another keeper.
NOT_INHERITED = {
    "MIXPEEK_API_KEY",
    "MIXPEEK_API_URL",
    "MIXPEEK_BASE_URL",
    "MIXPEEK_NAMESPACE",
    "DAGSTER_HOME",
    "RAY_ADDRESS",
    SERVICE_MARK,
}


def stack_environment(
    settings: Settings, layout: Layout, *, inherited: Mapping[str, str], ray: Mapping[str, str]
) -> dict[str, str]:
    """The caller's environment without what would mislead, with the settings, the mark and what Ray needs."""
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in NOT_INHERITED and not name.startswith("SUPERVISOR_")
    }
    ours = {
        **settings_environment(settings),
        **environment_mark(layout.stack_id),
        "DAGSTER_HOME": str(layout.dagster_home),
        "TMPDIR": str(layout.temporary),
        **without_proxy(inherited),
        "PYTHONUNBUFFERED": "1",
        # Rayon threads next to Ray's workers would be more threads than cores.
        "TOKENIZERS_PARALLELISM": "false",
    }
    return {**kept, **ray, **ours}


def without_proxy(inherited: Mapping[str, str]) -> dict[str, str]:
    """What keeps HTTP and gRPC between services off a proxy that the caller's environment names."""
    spared = [part for part in inherited.get("no_proxy", inherited.get("NO_PROXY", "")).split(",") if part]
    value = ",".join(dict.fromkeys([*spared, LOOPBACK, "localhost"]))
    return {"no_proxy": value, "NO_PROXY": value}


def settings_environment(settings: Settings) -> dict[str, str]:
    """The settings as variables from which a process in any folder reads the same ones."""
    values = {f"MIXPEEK_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    folders = [str(Path(part).expanduser().resolve()) for part in settings.extractor_paths.split(":") if part]
    return {
        **values,
        "MIXPEEK_HOME": str(settings.root),
        "MIXPEEK_EXTRACTOR_PATHS": ":".join(folders),
        "MIXPEEK_RAY_ADDRESS": settings.ray_address or own_ray_address(settings),
    }
