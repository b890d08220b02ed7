"""How many replicas an endpoint has and what each occupies: what the package asks for, else what the host gives. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_GB: Final = 1 << 30


def scaling(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a deployment for `num_replicas`, or for a range of them that follows the load."""
    if "min_replicas" not in wanted and "max_replicas" not in wanted:
        return {"num_replicas": max(1, int(wanted.get("num_replicas", 1)))}
    least = max(1, int(wanted.get("min_replicas", 1)))
    limits = {"min_replicas": least, "max_replicas": max(least, int(wanted.get("max_replicas", least)))}
    if "target_ongoing_requests" in wanted:
        limits["target_ongoing_requests"] = wanted["target_ongoing_requests"]
    return {"autoscaling_config": limits}


def actor_options(wanted: Mapping[str, Any], image: str, *, cpus: float, threads: int) -> dict[str, Any]:
    """What one replica occupies and runs in; `cpus` where the package does not say."""
    # A query is short: more threads than one mostly wait for each other, and take CPUs from batch work.
    environment: dict[str, Any] = {"env_vars": {"OMP_NUM_THREADS": str(threads)}}
    options: dict[str, Any] = {"num_cpus": wanted.get("num_cpus", cpus)}
    if image:
        environment["image_uri"] = image
    if wanted.get("num_gpus"):
        options["num_gpus"] = wanted["num_gpus"]
    if wanted.get("memory_gb"):
        options["memory"] = int(wanted["memory_gb"] * _GB)
    return {**options, "runtime_env": environment}
