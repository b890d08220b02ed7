"""Real processes of a sync, killed: no file is lost, no batch runs twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from assets_tests.dagster.driving import RUN_KEY
from assets_tests.dagster.services import Services, until
from assets_tests.dagster.site import Site
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
FILES, CHUNK = 300, 5


def test_a_sync_completes_after_its_run_and_the_daemon_were_killed(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """The run is killed between two chunks, the daemon with it: afterwards every file has its documents, and no more
    than one chunk was in a batch twice."""
    place = tmp_path / "place"
    place.mkdir()
    for number in range(FILES):
        (place / f"{number:03}.md").write_text(f"text {number}")
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    catalog = site.warehouse.catalog
    sync = site.warehouse.syncs.create(bucket, SyncSpec(source_path=str(place), batch_size=CHUNK).rules)
    site.warehouse.publish()
    services.start("code_server", "daemon")

    until(lambda: catalog.syncs.files(sync.sync_id), "the first chunk is written down")
    (lease,) = catalog.leases.held(prefix=f"sync:{sync.sync_id}")
    os.kill(lease.pid, signal.SIGKILL)
    services.kill("daemon")
    written = len(catalog.syncs.files(sync.sync_id))
    assert 0 < written < FILES
    services.start("daemon")

    until(lambda: len(catalog.syncs.files(sync.sync_id)) == FILES, "the next run has stored the rest")
    until(lambda: site.warehouse.collections.count(collection) == FILES, "every file has its document")
    until(lambda: all(b.is_terminal or b.status == "DRAFT" for b in catalog.batches.recent()), "all is done")
    submitted = [batch for batch in catalog.batches.recent() if batch.status != "DRAFT"]
    assert {(batch.status, batch.submission) for batch in submitted} == {("COMPLETED", 1)}
    members = [
        one for ids in catalog.batches.object_ids([b.batch_id for b in submitted]).values() for one in ids
    ]
    assert len(set(members)) == FILES
    assert len(members) <= FILES + CHUNK
    with services.instance() as instance:
        keys = [run.tags[RUN_KEY] for run in instance.get_runs()]
    assert len(keys) == len(set(keys))
    assert [job.status for job in catalog.syncs.jobs(sync.sync_id)][-2:] == ["completed", "interrupted"]
