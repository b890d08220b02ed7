"""Pools, with a real queue: one writer per collection, and no more runs on accelerators than are allowed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets_tests.dagster.services import Services, until
from assets_tests.dagster.site import PACKAGES, Site
from assets_tests.e2e.working_copies import copy_package
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.instance import as_yaml, instance_config, limit_pools
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection
from mixpeek_orchestration.warehouse.specs import CollectionSpec

PLAIN, ACCELERATED = "plain_words", "fast_words"


def collection_that_uses(*kinds: str) -> SnapshotCollection:
    return SnapshotCollection("col_1", "ns_1", "n", "a", "bucket", ("b",), "x", "v1", "fp", uses=kinds)


@pytest.mark.parametrize(
    ("kinds", "pool"),
    [
        ((), "mixpeek_cpu"),
        (("gpu",), "mixpeek_gpu"),
        (("api",), "mixpeek_api"),
        (("api", "gpu"), "mixpeek_gpu"),
    ],
)
def test_collections_share_what_is_scarce(kinds: tuple[str, ...], pool: str) -> None:
    """A collection queues for accelerators, services of others or cores, for the scarcest that it needs."""
    assert naming.shared_pool(collection_that_uses(*kinds)) == pool


def test_a_published_collection_says_what_it_shares(site: Site) -> None:
    """What a pipeline's steps run on reaches the definitions: its checks are in the shared pool, which the run holds."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    (collection,) = site.snapshot.collections
    assert collection.uses == ()
    checks = site.definitions.resolve_implicit_global_asset_job_def()
    assert {node.definition.pool for node in checks.nodes if node.name.endswith("_checks")} == {"mixpeek_cpu"}


def test_limits_of_pools_come_from_outside(tmp_path: Path) -> None:
    """The instance has the limits that were given; a limit set again is the new one."""
    config = instance_config(tmp_path)
    limit_pools(config, {"mixpeek_gpu": 4, "mixpeek_api": 2})
    limit_pools(config, {"mixpeek_gpu": 3})
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(as_yaml(config))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        limits = {one.name: one.limit for one in instance.event_log_storage.get_pool_limits()}
    assert (limits["mixpeek_gpu"], limits["mixpeek_api"]) == (3, 2)


def test_the_module_sets_the_limits_that_it_is_given(tmp_path: Path) -> None:
    """What `mixpeek up` runs prints the configuration and refuses what is no limit."""
    command = [sys.executable, "-m", "mixpeek_orchestration.defs.instance", str(tmp_path), "mixpeek_gpu=none"]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Code server and daemon; one of the packages wants an accelerator."""
    made = Services(tmp_path)
    copy_package(PACKAGES / "word_vectors", made.packages, name=PLAIN)
    copy_package(PACKAGES / "word_vectors", made.packages, name=ACCELERATED)
    for name in (PLAIN, ACCELERATED):
        (made.packages / name / "realtime.py").unlink()
    pipeline = made.packages / ACCELERATED / "pipeline.py"
    pipeline.write_text(pipeline.read_text().replace("ResourceType.CPU", "ResourceType.GPU"))
    yield made
    made.end()


def collection_of(site: Site, bucket: Bucket, extractor: str) -> Collection:
    spec = CollectionSpec.model_validate(
        {
            "collection_name": f"{bucket.name} words",
            "source": {"type": "bucket", "bucket_ids": [bucket.bucket_id]},
            "feature_extractor": {"feature_extractor_name": extractor, "version": "v1"},
        }
    )
    return site.warehouse.collections.create(site.namespace_id, spec)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_runs_wait_for_the_writer_and_for_the_accelerator(services: Services, site: Site) -> None:
    """While one run writes with an accelerator, neither a second run of its collection nor one of another collection
    with an accelerator starts; a run that needs neither passes them."""
    first, second, other = (site.bucket(name) for name in ("first", "second", "other"))
    writing = collection_of(site, first, ACCELERATED)
    collection_of(site, second, ACCELERATED)
    collection_of(site, other, PLAIN)
    site.warehouse.publish()
    running = site.submitted(first, "one")

    with services.instance() as instance:
        with hold(site.warehouse.catalog.leases, f"write:{writing.active_generation}"):
            services.start("code_server", "daemon")
            until(lambda: statuses(instance, running) == ["STARTED"], "the first run has started")
            same, accelerated = site.submitted(first, "two"), site.submitted(second, "three")
            passing = site.submitted(other, "four")
            until(lambda: site.batch(passing.batch_id).is_terminal, "the run that needs neither has passed")
            until(lambda: statuses(instance, same, accelerated) == ["QUEUED"] * 2, "both others are queued")
            assert statuses(instance, running) == ["STARTED"]
        for batch in (running, same, accelerated):
            until(lambda batch=batch: site.batch(batch.batch_id).is_terminal, "every batch has ended")
    assert site.batch(passing.batch_id).status == "COMPLETED"


def statuses(instance: dg.DagsterInstance, *batches: Batch) -> list[str]:
    """How the runs of these batches stand."""
    found = [instance.get_runs(dg.RunsFilter(tags={"mixpeek/batch": one.batch_id})) for one in batches]
    return [run.status.value for runs in found for run in runs]
