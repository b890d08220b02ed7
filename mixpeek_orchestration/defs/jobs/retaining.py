"""Upkeep: what of the past may go, goes; runs and keys that something is about stay.

`python -m mixpeek_orchestration.defs.jobs.retaining [--dry-run]` does it with the instance of `DAGSTER_HOME`.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import dagster as dg

# Dagster shows backfills through its instance, but exports neither their filter nor their status.
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill

from mixpeek_orchestration.core.retention import InUse, PastRun, runs_to_forget
from mixpeek_orchestration.defs.resources import WarehouseResource

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.upkeep.retention import Retention

PARTITION: Final = "dagster/partition"
RANGE: Final = "dagster/asset_partition_range_start"
UNUSED_S: Final = 24 * 3600.0
"""How long the bytes of deleted objects stay, for runs that read them still."""
ENDED: Final = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
LIVE: Final = [status for status in dg.DagsterRunStatus if status not in ENDED]
LIVE_BACKFILLS: Final = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]


class RetentionConfig(dg.Config):
    """Whether to do it, or only to say what would be done."""

    dry_run: bool = False


@dg.op(
    name="forget_the_past",
    description="Forgets old runs with their events and measurements, old batches with their partition keys, old records of syncs.",
)
def forget_the_past(
    context: dg.OpExecutionContext, config: RetentionConfig, warehouse: WarehouseResource
) -> None:
    """Documents, objects and whatever is in progress are left alone."""
    counts = forget(context.instance, warehouse.open().retention, dry_run=config.dry_run)
    context.log.info(told(counts, dry_run=config.dry_run))
    unused = 0 if config.dry_run else warehouse.open().contents.sweep(grace_s=UNUSED_S)
    context.add_output_metadata({**counts, "unused_contents": unused, "dry_run": config.dry_run})


@dg.job(
    name="retention",
    description="Upkeep: forgets runs, events, batches and records that are past their time.",
)
def retention() -> None:
    """One op, so that a run of it is one line in the UI."""
    forget_the_past()


def forget(instance: dg.DagsterInstance, past: "Retention", *, dry_run: bool) -> dict[str, int]:
    """How many runs, batches, sync jobs and measurements went, or would go. Keys go before their batches: a crash in between leaves
    a batch without a key, which the next round takes."""
    batches = [batch.batch_id for batch in past.past_batches(in_use(instance))]
    jobs, measured = past.past_sync_jobs(), past.past_measurements()
    kept = past.batch_ids() - set(batches)
    runs = [
        run.run_id
        for run in runs_to_forget(past_runs(instance), past.rules, kept_batches=kept, now=time.time())
    ]
    if not dry_run:
        _forget_keys(instance, past.partition_names(), set(batches))
        past.forget_batches(batches)
        past.forget_sync_jobs(jobs)
        past.forget_measurements(measured)
        for run_id in runs:
            instance.delete_run(run_id)
    return {"runs": len(runs), "batches": len(batches), "sync_jobs": len(jobs), "measurements": len(measured)}


def told(counts: dict[str, int], *, dry_run: bool) -> str:
    """What was done, as people read it."""
    did = "Would forget" if dry_run else "Forgot"
    return (
        f"{did} {counts['runs']} runs, {counts['measurements']} measurements, {counts['batches']} batches, "
        f"{counts['sync_jobs']} sync jobs."
    )


def in_use(instance: dg.DagsterInstance) -> InUse:
    """The batches that a run or a backfill is about. Deleting the key of one would fail the backfill."""
    live = instance.get_runs(dg.RunsFilter(statuses=LIVE))
    backfills = instance.get_backfills(filters=BulkActionsFilter(statuses=LIVE_BACKFILLS))
    targets = [_targets(backfill) for backfill in backfills]
    ranged = any(RANGE in run.tags for run in live)
    known = {run.tags[PARTITION] for run in live if PARTITION in run.tags}
    return InUse(
        frozenset(known.union(*(keys for keys in targets if keys is not None))),
        everything=ranged or None in targets,
    )


def _targets(backfill: PartitionBackfill) -> set[str] | None:
    """The partition keys of a backfill; `None` when it does not say."""
    if backfill.partition_names is not None:
        return set(backfill.partition_names)
    data = backfill.asset_backfill_data
    if data is None:
        return None
    subsets = data.target_subset.partitions_subsets_by_asset_key.values()
    try:
        return {key for subset in subsets for key in subset.get_partition_keys()}
    except NotImplementedError:
        return None


def past_runs(instance: dg.DagsterInstance) -> Iterable[PastRun]:
    """Every run that has ended."""
    for record in instance.get_run_records(dg.RunsFilter(statuses=ENDED)):
        run = record.dagster_run
        yield PastRun(
            run.run_id,
            record.end_time or record.update_timestamp.timestamp(),
            run.status is dg.DagsterRunStatus.SUCCESS,
            frozenset(key.to_user_string() for key in run.asset_selection or ()),
            run.tags.get(PARTITION, ""),
        )


def _forget_keys(instance: dg.DagsterInstance, names: Iterable[str], batch_ids: set[str]) -> None:
    """Keys are looked for under every name: a component that was absorbed left its keys behind."""
    for name in names if batch_ids else ():
        for key in batch_ids.intersection(instance.get_dynamic_partitions(name)):
            instance.delete_dynamic_partition(name, key)


def main(arguments: Sequence[str]) -> None:
    """The command line of this module."""
    dry_run = "--dry-run" in arguments
    with dg.DagsterInstance.get() as instance:
        counts = forget(instance, WarehouseResource().open().retention, dry_run=dry_run)
    sys.stdout.write(f"{told(counts, dry_run=dry_run)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
