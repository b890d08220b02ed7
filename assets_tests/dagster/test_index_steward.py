"""The index assets and the erasure job, over a real warehouse."""

from __future__ import annotations

import dagster as dg
import pytest

from assets_tests.dagster.driving import metadata_of, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.index_plan import IndexPolicy
from mixpeek_orchestration.warehouse.upkeep.index_steward import IndexSteward

EAGER = IndexPolicy(vector_rows=300, lineage_rows=300, small_fragments=2, keep_versions=2, keep_s=0.0)


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["testing", "collections", name, "index"])


def _tend(
    site: Site, instance: dg.DagsterInstance, *names: str, only_news: bool = False
) -> dg.ExecuteInProcessResult:
    definitions = site.definitions
    job = definitions.resolve_implicit_global_asset_job_def()
    config = {"ops": {"tend_indexes": {"config": {"only_news": only_news}}}}
    return job.execute_in_process(
        instance=instance,
        asset_selection=[_key(name) for name in names],
        run_config=config,
        raise_on_error=False,
    )


@pytest.fixture
def filled(site: Site) -> list[Collection]:
    """Two collections with 400 documents in two commits each, and a steward who finds that much."""
    bucket = site.bucket("texts")
    collections = [site.collection(name, bucket, split_lines=True) for name in ("one", "other-one")]
    for part in range(2):
        batch = site.submitted(bucket, "\n".join(f"word {part} {n}" for n in range(200)))
        for collection in collections:
            site.warehouse.materialize(collection.collection_id, [batch.batch_id], run_id="run")
    site.warehouse.__dict__["index_steward"] = IndexSteward(
        site.warehouse.catalog, site.warehouse.documents, policy=EAGER
    )
    return collections


@pytest.mark.usefixtures("filled")
def test_an_index_is_an_asset_beside_its_collection(site: Site) -> None:
    """Each collection has an asset `…/index` that hangs on it; all of them are one step."""
    graph = site.definitions.resolve_asset_graph()
    nodes = [graph.get(_key(name)) for name in ("one", "other-one")]
    assert [node.parent_keys for node in nodes] == [
        {dg.AssetKey(["testing", "collections", name])} for name in ("one", "other-one")
    ]
    assert all(node.is_materializable and not node.is_partitioned for node in nodes)
    assert len({node.assets_def.op.name for node in nodes}) == 1


@pytest.mark.usefixtures("filled")
def test_materializing_an_index_tends_one_collection(site: Site, instance: dg.DagsterInstance) -> None:
    """The chosen collection is compacted and indexed, and its metadata tells rows, kind, tail, fragments, versions and
    bytes; the other one is left alone."""
    result = _tend(site, instance, "one")
    assert result.success
    told = metadata_of(instance, _key("one"))
    assert (told["rows"], told["fragments"], told["unindexed_tail"]) == (400, 1, 0)
    assert told["index_kind"] == "BTREE, IVF_SQ"
    assert told["versions"] == 2
    assert told["bytes"] > 0
    assert instance.get_latest_materialization_event(_key("other-one")) is None


@pytest.mark.usefixtures("filled")
def test_the_schedule_records_news_only(site: Site, instance: dg.DagsterInstance) -> None:
    """A scheduled round records a collection only when something was done to it."""
    assert _tend(site, instance, "one", "other-one", only_news=True).success
    (first,) = instance.fetch_materializations(_key("one"), limit=5).records
    assert _tend(site, instance, "one", "other-one", only_news=True).success
    (again,) = instance.fetch_materializations(_key("one"), limit=5).records
    assert again.storage_id == first.storage_id
    schedules = {schedule.name for schedule in site.definitions.schedules or ()}
    assert "index_steward" in schedules


@pytest.mark.usefixtures("filled")
def test_an_open_batch_is_waited_for(site: Site, instance: dg.DagsterInstance) -> None:
    """While a batch of the collection is open nothing is done, and the metadata says what it waits for."""
    bucket = site.warehouse.buckets.get(site.namespace_id, "texts")
    batch = site.submitted(bucket, "later")
    assert _tend(site, instance, "one").success
    told = metadata_of(instance, _key("one"))
    assert told["waits_for"] == f"batch {batch.batch_id}"
    assert told["index_kind"] == "none"


def test_a_requested_erasure_is_performed_by_a_run(
    site: Site, instance: dg.DagsterInstance, filled: list[Collection]
) -> None:
    """The sensor asks for a run of a requested erasure, once; the run completes it and tells counts only."""
    bucket = site.warehouse.buckets.get(site.namespace_id, "texts")
    object_id = site.warehouse.objects.ids(bucket)[0]
    site.warehouse.erasures.request(bucket, object_id)
    (request,) = tick(site.definitions, instance, "unfinished_erasures").run_requests
    job = site.definitions.resolve_job_def("erase")
    assert job.execute_in_process(instance=instance, run_config=request.run_config, tags=request.tags).success
    erasure = site.warehouse.erasures.of(site.namespace_id, object_id)
    assert erasure.is_completed
    assert [site.warehouse.collections.count(c) for c in filled] == [200, 200]
    assert not tick(site.definitions, instance, "unfinished_erasures").run_requests
