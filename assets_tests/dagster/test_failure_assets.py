"""The asset of failures beside a collection: what it tells, when it is renewed, and what it costs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets_tests.dagster.driving import check_of, metadata_of, run, tick
from assets_tests.dagster.site import PACKAGES, OneWarehouse, Site, open_site
from mixpeek_orchestration.core.batch import Batch

SECRET = "hunter2"
POISONED = f"POISON and the password {SECRET}"
WORDS = dg.AssetKey(["testing", "collections", "words"])
FAILURES = dg.AssetKey([*WORDS.path, "failures"])
EVENT_ROWS = 45
"""The most rows that one batch may cost per collection: SQLite takes 11 to 46 ms for each."""


def _run(site: Site, instance: dg.DagsterInstance, batch: Batch) -> dg.ExecuteInProcessResult:
    defs = site.definitions
    requests = tick(defs, instance, "submitted_batches").run_requests
    (request,) = [r for r in requests if r.partition_key == batch.batch_id]
    return run(defs, instance, request)


def test_failures_are_an_asset_beside_their_collection(site: Site) -> None:
    """The asset hangs on its collection, in its group, and is renewed by runs instead of being a step of them."""
    site.collection("words", site.bucket("texts"))
    specs = {spec.key: spec for spec in site.definitions.resolve_all_asset_specs()}
    graph = site.definitions.resolve_asset_graph()
    assert [dep.asset_key for dep in specs[FAILURES].deps] == [WORDS]
    assert specs[FAILURES].group_name == specs[WORDS].group_name
    assert not graph.get(FAILURES).is_executable


def test_each_run_renews_the_failures_and_the_check_stays_yellow(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """Counts, classes, a link and how to replay; a good batch later changes none of it, and once the failed object is
    gone nothing is open and the check is green."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    bad, good = site.put(bucket, POISONED, "fine")
    _run(site, instance, _batch(site, bucket, bad, good))
    _run(site, instance, site.submitted(bucket, "later"))
    told = metadata_of(instance, FAILURES)
    assert (told["open_failures"], told["dagster/row_count"], told["classes"]) == (1, 1, 1)
    assert (
        told["by_class"]
        .splitlines()[2]
        .startswith("| ValueError | WordVectors | word_vectors_v1 | permanent | 1 |")
    )
    assert told["failures"].endswith(f"/collections/{collection.collection_id}/failures")
    assert "--class ValueError" in told["replay"]
    assert _severity(instance) == (False, dg.AssetCheckSeverity.WARN)

    site.warehouse.objects.delete(bucket, bad)
    (removal,) = [b for b in site.warehouse.batches.recent(bucket) if b.name == "deleted objects"]
    _run(site, instance, removal)
    told = metadata_of(instance, FAILURES)
    assert (told["open_failures"], told["by_class"]) == (0, "No item has an open failure.")
    assert _severity(instance)[0]


def test_a_run_with_nothing_but_failures_renews_them_too(site: Site, instance: dg.DagsterInstance) -> None:
    """Dagster skips the checks of a failed asset, yet its failures are told and the check is red."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    result = _run(site, instance, site.submitted(bucket, POISONED))
    assert not result.success
    assert metadata_of(instance, FAILURES)["open_failures"] == 1
    assert _severity(instance) == (False, dg.AssetCheckSeverity.ERROR)


@pytest.fixture
def quoting_site(tmp_path: Path) -> Iterator[Site]:
    """A site whose extractor quotes what it fails on, in the message and in the name of the class."""
    packages = tmp_path / "packages"
    shutil.copytree(PACKAGES / "word_vectors", packages / "word_vectors")
    code = packages / "word_vectors" / "processors" / "core.py"
    quoting = "raise type('Bad | <b>', (ValueError,), {})(batch['text'].iloc[0])"
    code.write_text(code.read_text().replace('raise ValueError("a poisoned row")', quoting))
    opened = open_site(tmp_path / "quoting", packages=packages)
    yield opened
    OneWarehouse.opened.pop(str(opened.settings.home)).close()


def test_no_content_and_no_message_reaches_dagster(quoting_site: Site, instance: dg.DagsterInstance) -> None:
    """An extractor that quotes its input in the error: the text is in the catalog, and in no event, log or metadata."""
    site = quoting_site
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    result = _run(site, instance, site.submitted(bucket, POISONED, "fine"))
    catalog = site.warehouse.catalog
    [failure] = catalog.failures.page(site.warehouse.failed.query(collection))
    assert SECRET in failure.error.message
    assert SECRET not in "".join(str(entry) for entry in instance.all_logs(result.run_id))
    told = metadata_of(instance, FAILURES)
    assert told["by_class"].splitlines()[2].startswith("| Bad_b_ | WordVectors |")
    assert SECRET not in str(told)


def test_a_batch_costs_few_event_rows_per_collection(site: Site, instance: dg.DagsterInstance) -> None:
    """With all checks and the failures a batch through bucket and two collections stays within 45 rows a collection."""
    bucket = site.bucket("texts")
    lines = site.collection("words", bucket)
    site.collection("again", lines)
    result = _run(site, instance, site.submitted(bucket, POISONED, "fine"))
    rows = len(instance.all_logs(result.run_id))
    assert result.success
    assert rows / 2 <= EVENT_ROWS, rows


def _batch(site: Site, bucket: Any, *object_ids: str) -> Batch:
    from mixpeek_orchestration.warehouse.specs import BatchSpec

    return site.warehouse.batches.create(bucket, BatchSpec(object_ids=list(object_ids), auto_submit=True))


def _severity(instance: dg.DagsterInstance) -> tuple[bool, dg.AssetCheckSeverity]:
    check = check_of(instance, WORDS, "nothing_failed")
    return check.passed, check.severity
