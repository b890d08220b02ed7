"""Packages that bring a container image: their steps run in it, where the cluster can run one."""

from __future__ import annotations

import shutil
from typing import Any

from mixpeek_orchestration.core.errors import Unschedulable

_PROGRAM = "podman"


def runtime_environment(image: str) -> dict[str, Any]:
    """The options of an actor that runs in `image`; none without one."""
    return {"runtime_env": {"image_uri": image}} if image else {}


def check_image(image: str) -> None:
    """Raises `Unschedulable` when a node of the connected Ray cluster could not start a worker in `image`."""
    if not image:
        return
    without = _nodes_without()
    if without:
        raise Unschedulable(
            f"The package runs in the image {image!r}, and {_PROGRAM}, with which Ray starts images, is not installed "
            f"on {', '.join(without)}.",
            field="container_image",
            value=image,
            fix=f"Install {_PROGRAM} on every node, or leave container_image out and declare dependencies and "
            "system_packages.",
        )


def refuse_image(image: str) -> None:
    """Raises `Unschedulable`: a step in this process cannot run in an image."""
    if image:
        raise Unschedulable(
            f"The package runs in the image {image!r}, which needs a Ray cluster; this run is inside one process.",
            field="container_image",
            value=image,
            fix="Run it on a cluster (`mixpeek up`), or leave container_image out.",
        )


def _nodes_without() -> list[str]:
    """The addresses of the nodes that have no program to start images with."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    has = ray.remote(num_cpus=0)(_has_program)
    nodes = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    answers = ray.get(
        [
            has.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote()
            for node in nodes
        ]
    )
    return sorted(address for address, ok in zip(nodes.values(), answers, strict=True) if not ok)


def _has_program() -> bool:
    return shutil.which(_PROGRAM) is not None
