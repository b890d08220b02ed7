"""What an operator sees of a run: numbers, tables, columns and links; never content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg
import pytest

from assets_tests.dagster.driving import check_of, materialize, metadata_of, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.defs import run_tags
from mixpeek_orchestration.defs.descriptions import collection_description
from mixpeek_orchestration.defs.progress import Progress
from mixpeek_orchestration.warehouse.snapshots.snapshot import SnapshotCollection

MOST_ROWS = 45
SECRET = "the harvest of 1911"


def _key(kind: str, name: str) -> dg.AssetKey:
    return dg.AssetKey(["testing", kind, name])


WORDS, TEXTS = _key("collections", "words"), _key("buckets", "texts")


@pytest.fixture
def batch(site: Site) -> Batch:
    """A submitted batch of two objects, for the collection `words` of the bucket `texts`."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    return site.submitted(bucket, SECRET, "rain")


def processed(site: Site, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """The run that the sensor asks for."""
    (request,) = tick(site.definitions, instance, "submitted_batches").run_requests
    return run(site.definitions, instance, request)


def rows_of(records: Sequence[dg.TableRecord]) -> dict[str, Any]:
    """The account as items by counter."""
    return {record.data["counter"]: record.data["items"] for record in records}


@pytest.mark.usefixtures("batch")
def test_a_materialization_tells_numbers_tables_and_links(site: Site, instance: dg.DagsterInstance) -> None:
    """Counts that lines are drawn from, the account, the columns and where they come from, and links into the API."""
    assert processed(site, instance).success

    told = metadata_of(instance, WORDS)

    assert (told["written"], told["failed"], told["unchanged"]) == (2, 0, 0)
    assert told["dagster/row_count"] == told["dagster/partition_row_count"] == 2
    assert told["wall_seconds"] > 0
    assert told["cost_usd"] >= 0
    assert rows_of(told["account"].records) == {
        "fetched": 2,
        "submitted": 2,
        "written": 2,
    }
    (collection,) = site.warehouse.collections.all(site.namespace_id)
    place = f"/v1/namespaces/{site.namespace_id}/collections/{collection.collection_id}"
    assert told["samples"].endswith(f"{place}/samples?batch_id={_partition(instance)}")
    assert told["failures"].endswith(f"{place}/failures")
    assert told["lineage"].endswith(f"/lineage.svg?around={collection.collection_id}")
    columns = [column.name for column in told["dagster/column_schema"].columns]
    assert {"text", "document_id"} <= set(columns)
    assert columns.index("text") < columns.index("document_id")
    made_of = told["dagster/column_lineage"].deps_by_column["text"]
    assert [(dep.asset_key, dep.column_name) for dep in made_of] == [(TEXTS, "body")]


def _partition(instance: dg.DagsterInstance) -> str:
    (partition,) = instance.get_materialized_partitions(WORDS)
    return partition


@pytest.mark.usefixtures("batch")
def test_no_content_and_few_rows_in_the_log(site: Site, instance: dg.DagsterInstance) -> None:
    """A batch costs at most 45 rows of the event log per collection, and none of them quotes a document."""
    result = processed(site, instance)

    rows = instance.all_logs(result.run_id)
    assert SECRET not in str(rows)
    assert len(rows) <= MOST_ROWS
    assert check_of(instance, WORDS, "nothing_failed").passed


def test_each_partition_tells_of_its_own_batch(site: Site, instance: dg.DagsterInstance) -> None:
    """In a run over two batches every partition has the numbers of its own batch, which add up to the run's."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    batches = [site.submitted(bucket, "one"), site.submitted(bucket, "two", "three")]
    tick(site.definitions, instance, "submitted_batches")
    tags = {
        "dagster/asset_partition_range_start": batches[0].batch_id,
        "dagster/asset_partition_range_end": batches[1].batch_id,
    }
    run(site.definitions, instance, dg.RunRequest(asset_selection=[WORDS], tags=tags))

    records = instance.fetch_materializations(WORDS, limit=10).records
    written = {
        record.asset_materialization.partition: record.asset_materialization.metadata["written"].value
        for record in records
    }

    assert written == {batches[0].batch_id: 1, batches[1].batch_id: 2}


def test_a_run_started_by_hand_is_tagged_like_others(
    site: Site, instance: dg.DagsterInstance, batch: Batch
) -> None:
    """Runs are found by namespace, batch and collection, whether the sensor or a click has started them."""
    first = processed(site, instance)
    by_hand = materialize(site.definitions, instance, WORDS, partition=batch.batch_id)

    (collection,) = batch.collection_ids
    wanted = {
        run_tags.NAMESPACE: site.namespace_id,
        run_tags.BATCH: batch.batch_id,
        f"{run_tags.COLLECTION}{collection}": "words",
    }
    found = instance.get_runs(dg.RunsFilter(tags=wanted))
    assert {one.run_id for one in found} == {first.run_id, by_hand.run_id}


def test_the_trigger_of_a_batch_is_a_tag() -> None:
    """A batch that a sync or a schedule has made says so on its run."""
    batch = Batch("b", "ns", "bkt", 1, ("col",), metadata={"trigger": "sync"})
    assert run_tags.of_batch(batch, {"col": "words"})[run_tags.TRIGGER] == "sync"


@pytest.mark.usefixtures("batch")
def test_descriptions_say_what_a_row_is(site: Site) -> None:
    """The description names extractor, source, inputs, parameters and what is made; names cannot break out of it."""
    specs = {spec.key: spec.description or "" for spec in site.definitions.resolve_all_asset_specs()}
    told = specs[WORDS]
    for part in ("`word_vectors v1`", "bucket `texts`", "← body", "split_lines", "numbers)"):
        assert part in told
    hostile = SnapshotCollection(
        "col_1", "ns_1", "n", "a", "bucket", ("b",), "x`<script>", "v1", "fp", parameters=("p = `\n#",)
    )
    assert collection_description(hostile, []).count("`") % 2 == 0
    assert "\n#" not in collection_description(hostile, [])


def test_progress_costs_ever_fewer_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a thousand lines ten are rows of the log; standard error has all of them."""
    rows: list[str] = []
    progress = Progress(rows.append)
    for number in range(1000):
        progress(f"{number}")
    assert len(rows) == 10
    assert len(capsys.readouterr().err.splitlines()) == 1000
