"""The contract of `SyncCatalog`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.syncs.sync import FileFilters, Sync, SyncFile, SyncJob, SyncRules
from mixpeek_orchestration.stores.catalog import open_catalog
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.upgrade import alembic_config


def a_sync(name: str, bucket: str = "bkt_1") -> Sync:
    rules = SyncRules("/data", filters=FileFilters(include_patterns=("*.md",)), metadata={"team": "a"})
    return Sync(name, "ns_1", bucket, rules)


def test_a_sync_is_read_as_it_was_put(catalog: Catalog) -> None:
    """Rules and state survive, times are filled in, an unknown id is `None`, lists are by bucket and oldest first."""
    kept = catalog.syncs.put(a_sync("sync_1"))
    other = catalog.syncs.put(a_sync("sync_2", "bkt_2"))
    assert kept.rules == a_sync("sync_1").rules
    assert (bool(kept.created_at), bool(kept.updated_at)) == (True, True)
    assert catalog.syncs.get("sync_1") == kept
    assert catalog.syncs.get("sync_3") is None
    assert catalog.syncs.all() == [kept, other]
    assert catalog.syncs.all(bucket_id="bkt_2") == [other]
    assert catalog.syncs.all(namespace_id="ns_2") == []


def test_files_are_kept_by_path_and_found_by_status(catalog: Catalog) -> None:
    """A second commit of a path replaces it; forgetting removes it; other syncs' files are theirs."""
    for name in ("sync_1", "sync_2"):
        catalog.syncs.put(a_sync(name))
        catalog.syncs.commit(name, files=[SyncFile("b.md", "1"), SyncFile("a.md", "1")])
    catalog.syncs.commit("sync_1", files=[SyncFile("b.md", "2", status="dead", attempts=3)])
    assert [(f.path, f.fingerprint) for f in catalog.syncs.files("sync_1")] == [("a.md", "1"), ("b.md", "2")]
    assert [f.path for f in catalog.syncs.files("sync_1", statuses={"dead"})] == ["b.md"]
    catalog.syncs.commit("sync_1", forget=["a.md"])
    assert [f.path for f in catalog.syncs.files("sync_1")] == ["b.md"]
    assert len(catalog.syncs.files("sync_2")) == 2


def test_a_commit_is_all_or_nothing(catalog: Catalog) -> None:
    """An edit that raises leaves neither files nor job behind; a sync that is gone raises `NotFound`."""
    catalog.syncs.put(a_sync("sync_1"))
    job = SyncJob("syj_1", "sync_1", "ns_1", "bkt_1")

    def refuse(_: Sync) -> Sync:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        catalog.syncs.commit("sync_1", files=[SyncFile("a.md", "1")], job=job, edit=refuse)
    assert (catalog.syncs.files("sync_1"), catalog.syncs.jobs("sync_1")) == ([], [])
    with pytest.raises(NotFound, match="sync_9"):
        catalog.syncs.commit("sync_9", files=[SyncFile("a.md", "1")])
    assert catalog.syncs.files("sync_9") == []


def test_jobs_are_listed_newest_first_and_replaced_by_id(catalog: Catalog) -> None:
    """A job is one row however often it is kept."""
    catalog.syncs.put(a_sync("sync_1"))
    for name in ("syj_1", "syj_2"):
        catalog.syncs.commit("sync_1", job=SyncJob(name, "sync_1", "ns_1", "bkt_1"))
    done = SyncJob("syj_1", "sync_1", "ns_1", "bkt_1", status="completed", batch_ids=("btch_1",))
    catalog.syncs.commit("sync_1", job=done)
    assert [job.sync_job_id for job in catalog.syncs.jobs("sync_1")] == ["syj_2", "syj_1"]
    assert [job.sync_job_id for job in catalog.syncs.jobs("sync_1", status="running")] == ["syj_2"]
    found = catalog.syncs.job("syj_1")
    assert found is not None
    assert found.batch_ids == ("btch_1",)


def test_an_edit_and_a_deletion_are_kept(catalog: Catalog) -> None:
    """`change` answers with what is stored then; a deleted sync takes files and jobs along."""
    catalog.syncs.put(a_sync("sync_1"))
    changed = catalog.syncs.change("sync_1", lambda s: replace(s, state=replace(s.state, paused=True)))
    assert changed.state.paused
    assert catalog.syncs.get("sync_1") == changed
    catalog.syncs.commit("sync_1", files=[SyncFile("a.md", "1")])
    assert catalog.syncs.delete("sync_1")
    assert not catalog.syncs.delete("sync_1")
    assert catalog.syncs.files("sync_1") == []


def test_records_of_runs_that_ended_long_ago_can_be_forgotten(catalog: Catalog) -> None:
    """By when they ended; a run that goes on is none of them."""
    catalog.syncs.put(a_sync("sync_1"))
    for name, status, ended in (("old", "completed", "2026-01-01"), ("new", "failed", "2026-02-02")):
        job = SyncJob(name, "sync_1", "ns_1", "bkt_1", started_at=ended, completed_at=ended)
        catalog.syncs.commit("sync_1", job=replace(job, status=status))
    going = SyncJob("going", "sync_1", "ns_1", "bkt_1", started_at="2025-01-01")
    catalog.syncs.commit("sync_1", job=going)
    assert catalog.syncs.past_jobs("2026-02-01") == ["old"]
    catalog.syncs.forget_jobs(["old", "unknown"])
    assert [job.sync_job_id for job in catalog.syncs.jobs("sync_1")] == ["going", "new"]


def test_only_batches_that_are_over_can_be_forgotten(catalog: Catalog) -> None:
    """Drafts and ended batches go with what is in them; a batch on its way stays."""
    for name in ("draft", "pending", "ended"):
        catalog.batches.create(Batch(name, "ns_1", "bkt_1", 1, ("col_1",)), ["obj_1"])
    for name in ("pending", "ended"):
        catalog.batches.submit(name)
    catalog.batches.fail("ended", error="no")
    assert catalog.batches.forget(["draft", "pending", "ended", "unknown"]) == 2
    assert [batch.batch_id for batch in catalog.batches.recent()] == ["pending"]
    assert catalog.batches.object_ids(["draft", "pending"]) == {"draft": [], "pending": ["obj_1"]}


def test_a_content_is_held_by_the_synced_files_of_a_bucket(catalog: Catalog) -> None:
    """Not by duplicates and failures, not by other buckets, and where one sync is left out, by the others."""
    for name, bucket in (("sync_1", "bkt_1"), ("sync_2", "bkt_1"), ("sync_3", "bkt_2")):
        catalog.syncs.put(a_sync(name, bucket))
    catalog.syncs.commit("sync_1", files=[SyncFile("a.md", "1", content_hash="aa")])
    catalog.syncs.commit("sync_2", files=[SyncFile("b.md", "1", status="duplicate", content_hash="bb")])
    catalog.syncs.commit("sync_3", files=[SyncFile("c.md", "1", content_hash="cc")])
    wanted = {"aa", "bb", "cc"}
    assert catalog.syncs.holders("bkt_1", wanted) == {"aa"}
    assert catalog.syncs.holders("bkt_1", wanted, besides="sync_1") == set()
    assert catalog.syncs.holders("bkt_1", wanted, besides="sync_2") == {"aa"}
    catalog.syncs.commit("sync_1", files=[SyncFile("a.md", "2", content_hash="dd")])
    assert catalog.syncs.holders("bkt_1", wanted) == set()


def test_contents_of_files_that_were_known_before_are_found(catalog_url: str) -> None:
    """A catalog from before contents could be searched fills them in from its rows."""
    from alembic import command

    catalog = open_catalog(catalog_url)
    catalog.syncs.put(a_sync("sync_1"))
    catalog.syncs.commit("sync_1", files=[SyncFile("a.md", "1", content_hash="aa"), SyncFile("b.md", "1")])
    with Database(catalog_url).writing() as connection:
        command.downgrade(alembic_config(connection), "0011")
    assert open_catalog(catalog_url).syncs.holders("bkt_1", {"aa", "bb"}) == {"aa"}
