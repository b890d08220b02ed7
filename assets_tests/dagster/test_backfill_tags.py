"""How a backfill from the UI is found: by the tags of its runs, because its own cannot be given later."""

from __future__ import annotations

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill

from assets_tests.dagster.driving import run
from assets_tests.dagster.site import Site
from mixpeek_orchestration.defs import run_tags

OURS = {run_tags.NAMESPACE: "ns_one"}


def _backfill(instance: dg.DagsterInstance, backfill_id: str, tags: dict[str, str]) -> PartitionBackfill:
    made = PartitionBackfill(
        backfill_id=backfill_id,
        status=BulkActionStatus.COMPLETED_SUCCESS,
        from_failure=False,
        tags=tags,
        backfill_timestamp=1.0,
    )
    instance.add_backfill(made)
    return made


def test_tags_that_a_backfill_gets_later_are_not_found(instance: dg.DagsterInstance) -> None:
    """Dagster searches a table of tags that only the launch writes. When this fails, an upgrade has made it possible to
    tag backfills after all, and the decision in 0242 can be taken anew."""
    launched = _backfill(instance, "launched", OURS)
    late = _backfill(instance, "late", {})
    instance.update_backfill(late._replace(tags=OURS))

    shown = instance.get_backfill("late")
    assert shown is not None
    assert shown.tags == OURS
    found = instance.get_backfills(filters=BulkActionsFilter(tags=OURS))
    assert [one.backfill_id for one in found] == [launched.backfill_id]


def test_a_run_of_a_backfill_says_which_one_and_what_it_is_about(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """The run has the tags of namespace and collection beside that of its backfill, also when it is of several batches."""
    bucket = site.bucket("texts")
    collection = site.collection("lines", bucket)
    first = site.submitted(bucket, "one")
    defs = site.definitions
    instance.add_dynamic_partitions(site.snapshot.components[0].name, [first.batch_id])
    request = dg.RunRequest(
        run_key=None,
        partition_key=first.batch_id,
        asset_selection=[dg.AssetKey(["testing", "collections", "lines"])],
        tags={"dagster/backfill": "launched"},
    )

    assert run(defs, instance, request).success

    ours = {"dagster/backfill": "launched", f"{run_tags.COLLECTION}{collection.collection_id}": "lines"}
    [found] = instance.get_runs(dg.RunsFilter(tags=ours))
    assert found.tags[run_tags.NAMESPACE] == site.namespace_id
