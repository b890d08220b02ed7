"""Placement: which steps share workers, how many there are, and what is refused."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.errors import Unschedulable
from mixpeek_orchestration.core.extractor import Resources, StepDescription
from mixpeek_orchestration.engine.accelerators import memory_of
from mixpeek_orchestration.engine.placement import Stage, place

GIB = 1024**3
SMALL = Resources(2, 0, 8 * GIB)
BIG = Resources(16, 4, 64 * GIB)


def described(
    name: str, cpus: float = 1, gpus: float = 0, memory: int = 0, concurrency: int = 1
) -> StepDescription:
    return StepDescription(name, "cpu", Resources(cpus, gpus, memory), concurrency=concurrency)


def test_steps_that_need_the_same_share_workers() -> None:
    """Consecutive steps of equal resources are one stage; another need starts the next."""
    steps = [described("a"), described("b"), described("c", gpus=1), described("d")]
    assert [(stage.first, stage.end) for stage in place(steps, [BIG])] == [(0, 2), (2, 3), (3, 4)]


def test_there_are_as_many_workers_as_declared_and_fit() -> None:
    """The declared concurrency is an upper bound; the cluster is another."""
    assert place([described("a", concurrency=2)], [BIG])[0].workers == 2
    assert place([described("a", concurrency=8)], [SMALL])[0].workers == 2
    assert place([described("a", gpus=1, concurrency=8)], [SMALL, BIG])[0].workers == 4
    assert place([described("a", cpus=0.5, concurrency=8)], [SMALL])[0].workers == 4


def test_stages_that_do_not_fit_side_by_side_become_one() -> None:
    """On two CPUs a stage of one and a stage of two would wait for each other for ever: they share a worker."""
    assert place([described("a"), described("b", cpus=2)], [SMALL]) == [Stage(0, 2, Resources(2, 0, 0), 1)]


def test_memory_of_steps_in_one_worker_adds_up() -> None:
    """Steps that together need more memory than a node has do not share a worker."""
    steps = [described("a", memory=5 * GIB), described("b", memory=5 * GIB)]
    assert len(place(steps, [SMALL, SMALL])) == 2
    assert len(place(steps, [BIG])) == 1


@pytest.mark.parametrize(
    ("step", "asked"),
    [
        (described("wide", cpus=64), "64 CPUs"),
        (described("drawn", gpus=1), "1 GPUs"),
        (described("fat", memory=100 * GIB), "100.0 GiB"),
    ],
)
def test_what_no_node_has_is_refused_with_the_numbers(step: StepDescription, asked: str) -> None:
    """The refusal names the step, what it asks for and what the largest nodes have."""
    with pytest.raises(Unschedulable) as caught:
        place([described("fine"), step], [SMALL])
    message = str(caught.value)
    assert step.name in message
    assert asked in message
    assert "2 CPUs, 0 GPUs and 8.0 GiB" in message


def test_steps_that_fit_alone_but_never_together_are_refused() -> None:
    """Two nodes for three stages that fill one each: nothing would ever run."""
    steps = [described(n, cpus=2, memory=(5 + k) * GIB) for k, n in enumerate("abc")]
    with pytest.raises(Unschedulable, match="at the same time"):
        place(steps, [SMALL, SMALL])


def test_a_cluster_without_nodes_runs_nothing() -> None:
    """No node is a refusal too, not a wait."""
    with pytest.raises(Unschedulable, match="no node at all"):
        place([described("a")], [])


def drawn(gibibytes: float) -> StepDescription:
    return StepDescription(
        "drawn", "gpu", Resources(1, 1, gpu_memory_bytes=int(gibibytes * GIB)), concurrency=8
    )


def test_a_step_takes_the_part_of_an_accelerator_that_its_memory_needs() -> None:
    """Workers that say how much memory they need share an accelerator; without a size nobody shares."""
    known = Resources(16, 2, 64 * GIB, 16 * GIB)
    assert place([drawn(4)], [known])[0].resources.gpus == 0.25
    assert place([drawn(4)], [known])[0].workers == 8
    assert place([drawn(5)], [known])[0].resources.gpus == 0.32
    assert place([drawn(0)], [known])[0].resources.gpus == 1
    assert place([drawn(4)], [BIG])[0].resources.gpus == 1


def test_more_accelerator_memory_than_there_is_is_refused() -> None:
    """The refusal names the field of the manifest and the largest accelerator."""
    with pytest.raises(
        Unschedulable, match="24 GiB of accelerator memory; the largest accelerator has 16"
    ) as e:
        place([drawn(24)], [Resources(16, 2, 64 * GIB, 16 * GIB)])
    assert e.value.field == "compute_profile.gpu_memory_gb"


@pytest.mark.parametrize(
    ("node", "size"),
    [
        ({"GPU": 1, "accelerator_type:T4": 1.0}, 16),
        ({"GPU": 1, "accelerator_type:X9": 1.0}, 0),
        ({"CPU": 4}, 0),
    ],
)
def test_the_size_of_an_accelerator_is_read_off_the_node(node: dict[str, float], size: int) -> None:
    """Ray's name for the accelerator tells its size; an unknown one has none."""
    assert memory_of(node) == size * GIB
