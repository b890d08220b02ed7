"""One Ray cluster of two CPUs for all Ray tests, beside any other cluster of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mixpeek_orchestration.engine.ray_cluster import connect
from mixpeek_orchestration.engine.ray_local import LocalCluster, start_local
from mixpeek_orchestration.serving.direct import DIRECT_ENVIRONMENT


@pytest.fixture(scope="session")
def ray_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A running cluster that this process is connected to, with direct ports for replicas as a stack's own has."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in DIRECT_ENVIRONMENT.items():
            patched.setenv(name, value)
        yield from _cluster(tmp_path_factory)


def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with start_local(tmp_path_factory.mktemp("cluster"), cpus=2) as cluster:
        connect(cluster.address, cluster.environment)
        yield cluster
        import ray

        ray.shutdown()
