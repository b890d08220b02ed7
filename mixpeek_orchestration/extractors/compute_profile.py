"""What a package asks of machines: its compute profile and serve config, checked, and as resources of a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.extractor import Resources

_GIB: Final = 1 << 30
_PROFILE_KEYS: Final = ("resource_type", "batch_size", "max_concurrency", "actor_memory_gb", "gpu_memory_gb")
_SERVE_KEYS: Final = (
    "enabled",
    "num_replicas",
    "min_replicas",
    "max_replicas",
    "target_ongoing_requests",
    "num_cpus",
    "num_gpus",
    "memory_gb",
)
_CPUS: Final = {"cpu": 1.0, "gpu": 1.0, "api": 0.25}
_CONCURRENCY: Final = {"cpu": 2, "gpu": 2, "api": 8}
"""A worker that waits for a remote API costs next to nothing, so there may be more of them."""


@dataclass(frozen=True)
class ComputeProfile:
    """What a step's worker needs and how many rows it takes at once, unless the step says otherwise."""

    resource_type: str = "cpu"
    batch_size: int = 64
    max_concurrency: int | None = None
    actor_memory_gb: float = 0.0
    gpu_memory_gb: float = 0.0

    def concurrency(self, resource_type: str) -> int:
        """At most so many workers for a step of this type."""
        return self.max_concurrency or _CONCURRENCY[resource_type]


def compute_profile(raw: object) -> ComputeProfile:
    """The compute profile with defaults; raises `InvalidPackage` naming an unknown key or a bad value."""
    given = _mapping(raw, "compute_profile", _PROFILE_KEYS)
    resource = str(given.get("resource_type", "cpu")).lower().rsplit(".", 1)[-1]
    if resource not in _CPUS:
        raise InvalidPackage(
            f"{given['resource_type']!r} is not a resource type.",
            field="compute_profile.resource_type",
            value=given["resource_type"],
            fix=f"Write {', '.join(_CPUS)}.",
        )
    return ComputeProfile(
        resource_type=resource,
        batch_size=_positive(given, "batch_size", 64),
        max_concurrency=_positive(given, "max_concurrency", 2) if "max_concurrency" in given else None,
        actor_memory_gb=_size(given, "actor_memory_gb"),
        gpu_memory_gb=_size(given, "gpu_memory_gb"),
    )


def serve_config(raw: object) -> dict[str, Any]:
    """How the realtime half wants to be deployed: what is set of it; raises `InvalidPackage` naming an unknown key."""
    given = _mapping(raw, "serve_config", _SERVE_KEYS)
    for key, value in given.items():
        if isinstance(value, bool) != (key == "enabled") or not isinstance(value, int | float) or value < 0:
            raise InvalidPackage(
                f"serve_config.{key} is not {'true or false' if key == 'enabled' else 'a number'}.",
                field=f"serve_config.{key}",
                value=value,
                fix="Write for example serve_config = {'num_replicas': 1}.",
            )
    return given


def resources_of(resource_type: str, profile: ComputeProfile) -> Resources:
    """What one worker of a step of this type occupies."""
    is_gpu = resource_type == "gpu"
    return Resources(
        cpus=_CPUS[resource_type],
        gpus=1.0 if is_gpu else 0.0,
        memory_bytes=int(profile.actor_memory_gb * _GIB),
        gpu_memory_bytes=int(profile.gpu_memory_gb * _GIB) if is_gpu else 0,
    )


def _mapping(raw: object, field: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if is_dataclass(raw) and not isinstance(raw, type):
        raw = asdict(raw)
    if not isinstance(raw, Mapping):
        raise InvalidPackage(
            f"`{field}` is not a dict.", field=field, value=raw, fix=f"Write {field} = {{...}}."
        )
    for key, value in raw.items():
        if key not in keys:
            raise InvalidPackage(
                f"{field} has no key {key!r}.",
                field=f"{field}.{key}",
                value=value,
                fix=f"Its keys are {', '.join(keys)}.",
            )
    return {key: value for key, value in raw.items() if value is not None}


def _positive(raw: Mapping[str, Any], key: str, default: int) -> int:
    value = raw.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidPackage(
            f"compute_profile.{key} is not a positive whole number.",
            field=f"compute_profile.{key}",
            value=value,
            fix=f"Write for example {default}.",
        )
    return value


def _size(raw: Mapping[str, Any], key: str) -> float:
    value = raw.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise InvalidPackage(
            f"compute_profile.{key} is not a number of gigabytes.",
            field=f"compute_profile.{key}",
            value=value,
            fix="Write for example 2.0, or leave it out.",
        )
    return float(value)
