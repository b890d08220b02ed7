"""How much of an accelerator a worker takes. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mixpeek_orchestration.core.errors import Unschedulable
from mixpeek_orchestration.core.extractor import Resources, StepDescription

_GIB: Final = 1024**3
_LABEL: Final = "accelerator_type:"
_MEMORY_GIB: Final = {
    "P4": 8,
    "T4": 16,
    "V100": 16,
    "P100": 16,
    "L4": 24,
    "A10": 24,
    "A10G": 24,
    "L40S": 48,
    "A100": 40,
    "A100-40G": 40,
    "A100-80G": 80,
    "H100": 80,
    "H200": 141,
    "B200": 180,
}
"""The smallest version of each, by the name that Ray gives it. What is not here is never shared."""


def memory_of(node: Mapping[str, float]) -> int:
    """The bytes that one accelerator of a Ray node has, 0 where its kind is not known."""
    kinds = [name.removeprefix(_LABEL).upper() for name in node if name.startswith(_LABEL)]
    sizes = [_MEMORY_GIB.get(kind, 0) for kind in kinds]
    return min(sizes, default=0) * _GIB


def shared(step: StepDescription, nodes: Sequence[Resources]) -> StepDescription:
    """The step with the part of an accelerator that its memory needs, rounded up to hundredths; the whole one where
    nothing is said, or the size of a node's accelerators is not known.

    Raises `Unschedulable` when no accelerator has that much memory.
    """
    needed = step.resources.gpu_memory_bytes
    sizes = [node.gpu_memory_bytes for node in nodes if node.gpus]
    if not needed or not step.resources.gpus or not sizes or not all(sizes):
        return step
    large_enough = [size for size in sizes if size >= needed]
    if not large_enough:
        raise Unschedulable(
            f"Step {step.name!r} asks for {needed / _GIB:.0f} GiB of accelerator memory; the largest accelerator has "
            f"{max(sizes) / _GIB:.0f} GiB.",
            field="compute_profile.gpu_memory_gb",
            value=needed / _GIB,
            fix="Ask for less in the manifest's compute_profile, or add a node that has it.",
        )
    part = math.ceil(100 * needed / min(large_enough)) / 100
    return replace(step, resources=replace(step.resources, gpus=part))
