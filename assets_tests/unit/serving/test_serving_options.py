"""What a package's serve_config makes of a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from mixpeek_orchestration.serving.options import actor_options, scaling


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        ({}, {"num_replicas": 1}),
        ({"num_replicas": 3}, {"num_replicas": 3}),
        ({"num_replicas": 0}, {"num_replicas": 1}),
        ({"max_replicas": 4}, {"autoscaling_config": {"min_replicas": 1, "max_replicas": 4}}),
        (
            {"min_replicas": 2, "max_replicas": 1, "target_ongoing_requests": 5},
            {"autoscaling_config": {"min_replicas": 2, "max_replicas": 2, "target_ongoing_requests": 5}},
        ),
    ],
)
def test_replicas_are_as_many_as_asked_for(wanted: dict[str, Any], options: dict[str, Any]) -> None:
    """A number is a number, a range follows the load, and there is never none."""
    assert scaling(wanted) == options


def test_a_replica_occupies_what_the_package_says_else_what_the_host_gives() -> None:
    """CPUs, GPUs, memory and image reach the actor; the host's share stands where nothing is said."""
    plain = actor_options({}, "", cpus=0.1, threads=1)
    assert plain == {"num_cpus": 0.1, "runtime_env": {"env_vars": {"OMP_NUM_THREADS": "1"}}}
    asked = {"num_cpus": 2, "num_gpus": 0.5, "memory_gb": 1}
    full = actor_options(asked, "team/image:1", cpus=0.1, threads=1)
    assert (full["num_cpus"], full["num_gpus"], full["memory"]) == (2, 0.5, 1 << 30)
    assert full["runtime_env"]["image_uri"] == "team/image:1"
