"""Where steps run on a cluster: which share a worker, how many workers they get, and what can never run. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mixpeek_orchestration.core.errors import Unschedulable
from mixpeek_orchestration.core.extractor import Resources, StepDescription
from mixpeek_orchestration.engine.accelerators import shared


@dataclass(frozen=True)
class Stage:
    """The steps `first` to `end` (exclusive), one after the other in each of at most `workers` workers."""

    first: int
    end: int
    resources: Resources
    workers: int


def place(steps: Sequence[StepDescription], nodes: Sequence[Resources]) -> list[Stage]:
    """The stages of a pipeline on a cluster of `nodes`.

    Consecutive steps that ask for the same CPUs and GPUs share workers. Stages stay apart only where one worker of each
    fits beside the others: workers never give their resources back while the pipeline runs, so anything else
    waits for ever. A step that says how much memory of an accelerator it needs takes that part of one. Raises
    `Unschedulable` with the numbers.
    """
    steps = [shared(step, nodes) for step in steps]
    for step in steps:
        if not _fits(step.resources, nodes):
            raise _too_large(f"Step {step.name!r}", step.resources, nodes)
    groups = _grouped(steps, nodes)
    if not _fit_together([_together(group) for group in groups], nodes):
        groups = [list(steps)]
        if not _fits(_together(steps), nodes):
            raise _too_large("The pipeline, whose steps must run at the same time,", _together(steps), nodes)
    ends = [0]
    for group in groups:
        ends.append(ends[-1] + len(group))
    return [
        Stage(first, end, _together(group), _workers(group, nodes))
        for (first, end), group in zip(pairwise(ends), groups, strict=True)
    ]


def _grouped(steps: Sequence[StepDescription], nodes: Sequence[Resources]) -> list[list[StepDescription]]:
    groups: list[list[StepDescription]] = []
    for step in steps:
        last = groups[-1] if groups else []
        alike = bool(last) and _processors(last[-1]) == _processors(step)
        if alike and _fits(_together([*last, step]), nodes):
            last.append(step)
        else:
            groups.append([step])
    return groups


def _processors(step: StepDescription) -> tuple[float, float]:
    return step.resources.cpus, step.resources.gpus


def _together(steps: Sequence[StepDescription]) -> Resources:
    """What one worker for all of them needs: they take turns computing, but all stay in memory."""
    return Resources(
        cpus=max(step.resources.cpus for step in steps),
        gpus=max(step.resources.gpus for step in steps),
        memory_bytes=sum(step.resources.memory_bytes for step in steps),
    )


def _workers(steps: Sequence[StepDescription], nodes: Sequence[Resources]) -> int:
    wanted = max(1, max(step.concurrency for step in steps))
    return min(wanted, sum(_capacity(_together(steps), node) for node in nodes))


def _capacity(asked: Resources, node: Resources) -> int:
    """How many workers fit on an empty node; without any need, a thousand."""
    pairs = ((asked.cpus, node.cpus), (asked.gpus, node.gpus), (asked.memory_bytes, node.memory_bytes))
    return math.floor(min((have / need for need, have in pairs if need > 0), default=1000))


def _fits(asked: Resources, nodes: Sequence[Resources]) -> bool:
    return any(_capacity(asked, node) >= 1 for node in nodes)


def _fit_together(asked: Sequence[Resources], nodes: Sequence[Resources]) -> bool:
    """Whether one worker of each fits at the same time: the largest first, on the first node with room."""
    left = list(nodes)
    for need in sorted(asked, key=lambda r: (r.gpus, r.cpus, r.memory_bytes), reverse=True):
        place = next((n for n, node in enumerate(left) if _capacity(need, node) >= 1), None)
        if place is None:
            return False
        node = left[place]
        left[place] = Resources(
            node.cpus - need.cpus, node.gpus - need.gpus, node.memory_bytes - need.memory_bytes
        )
    return True


def _too_large(what: str, asked: Resources, nodes: Sequence[Resources]) -> Unschedulable:
    shown = "; ".join(sorted({_numbers(node) for node in nodes})) or "no node at all"
    return Unschedulable(
        f"{what} asks for {_numbers(asked)} in one worker, and no node of the cluster has that: {shown}.",
        field="resources",
        value=_numbers(asked),
        fix="Ask for less in the manifest's compute_profile, or add a node that has it.",
    )


def _numbers(resources: Resources) -> str:
    gibibytes = resources.memory_bytes / 1024**3
    return f"{resources.cpus:g} CPUs, {resources.gpus:g} GPUs and {gibibytes:.1f} GiB"
