"""One Ray cluster of two CPUs for all Ray tests, beside any other cluster of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mixpeek_orchestration.engine.ray_cluster import connect
from mixpeek_orchestration.engine.ray_local import LocalCluster, start_local


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A running cluster that this process is connected to."""
    with start_local(tmp_path_factory.mktemp("cluster"), cpus=2) as cluster:
        connect(cluster.address, cluster.environment)
        yield cluster
        import ray

        ray.shutdown()
