"""What Dagster and the accounting cost beside the extraction itself.

`python -m benchmarks.house` prints: how long definitions of 200 collections take to load in a new process; how many rows
a batch leaves in Dagster's event log; a backfill of 500 batches with nothing to do, in one run; a change of 1% in three
tiers of 20,000 objects against the extraction alone; estimates against what runs took; and the share of orchestration in batches of 5 ms an object.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import dagster as dg

from benchmarks.homes import Home, fresh_home
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.defs import naming
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.instance import as_yaml, instance_config
from mixpeek_orchestration.defs.location import build_definitions
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot
from mixpeek_orchestration.warehouse.specs import BatchSpec, CollectionSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

SECONDS = 0.005
TIERS = ("first", "second", "third")
MOST_EVENTS, MOST_LOAD_S, MOST_BACKFILL_S, MOST_RATIO, MOST_SHARE = 45, 3.0, 60.0, 1.2, 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collections", type=int, default=200)
    parser.add_argument("--batches", type=int, default=500)
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--batch-size", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        definitions(Path(folder), options.collections)
    with tempfile.TemporaryDirectory() as folder:
        backfill(Path(folder), options.batches)
    with tempfile.TemporaryDirectory() as folder:
        one_percent(Path(folder), options.objects)
    with tempfile.TemporaryDirectory() as folder:
        foreseen(Path(folder), options.objects // 20)
    with tempfile.TemporaryDirectory() as folder:
        orchestration(Path(folder), options.objects, options.batch_size)


def definitions(folder: Path, count: int) -> None:
    """Many collections, as a new process loads them: what a reload and every run pay."""
    home = fresh_home(folder)
    for number in range(count):
        reading(home, f"collection-{number}", {"type": "bucket", "bucket_ids": ["texts"]})
    home.warehouse.publish()
    load = (
        "import time; start = time.monotonic(); import dagster as dg; imported = time.monotonic()\n"
        "from mixpeek_orchestration.definitions import defs\n"
        "loaded = defs.load_fn() if hasattr(defs, 'load_fn') else defs\n"
        "loaded.get_repository_def() if hasattr(loaded, 'get_repository_def') else None\n"
        "print(time.monotonic() - imported)"
    )
    environment = {**os.environ, "MIXPEEK_HOME": str(folder)}
    took = [
        float(
            subprocess.run(
                [sys.executable, "-c", load], env=environment, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(3)
    ]
    told("definitions", f"{count} collections load in {min(took):.2f} s", min(took), MOST_LOAD_S)


def backfill(folder: Path, count: int) -> None:
    """Batches of one object, processed once, then all of them again in one run."""
    home = fresh_home(folder)
    collection = reading(home, "words", {"type": "bucket", "bucket_ids": ["texts"]})
    ids = home.put([f"text {number}" for number in range(count)])
    batches = [submitted(home, [object_id]) for object_id in ids]
    home.warehouse.materialize(collection.collection_id, [b.batch_id for b in batches], run_id="fill")
    with house(folder, home) as (instance, defs, snapshot):
        instance.add_dynamic_partitions(snapshot.components[0].name, [batch.batch_id for batch in batches])
        key = naming.asset_key(snapshot.collections[0])
        _, events = run(defs, instance, key, batches[:1])
        told("events", f"{events} event rows for a batch and a collection", events, MOST_EVENTS)
        seconds, events = run(defs, instance, key, batches)
        told(
            "backfill",
            f"{count} batches with nothing to do in {seconds:.1f} s, {events} event rows",
            seconds,
            MOST_BACKFILL_S,
        )


def one_percent(folder: Path, objects: int) -> None:
    """Three tiers; one object in a hundred is edited, and each tier runs as a batch of them."""
    home = fresh_home(folder)
    chain = three_tiers(home)
    ids = home.put([f"text {number}" for number in range(objects)])
    os.environ["SLEEPY_SECONDS"] = "0"
    for collection in chain:
        home.warehouse.materialize(collection.collection_id, None, run_id="fill")
    del os.environ["SLEEPY_SECONDS"]
    edited = home.put([f"text {n} edited" if n % 100 == 0 else f"text {n}" for n in range(objects)])[::100]
    batch = submitted(home, edited)
    start = time.monotonic()
    reports = [of_batch(home, collection, batch) for collection in chain]
    took = time.monotonic() - start
    alone = sum(report.submitted for report in reports) * SECONDS
    told(
        "one percent",
        f"{len(edited)} of {len(ids)} objects through three tiers in {took:.2f} s, extraction alone {alone:.2f} s",
        took / alone,
        MOST_RATIO,
    )


def orchestration(folder: Path, objects: int, size: int) -> None:
    """Runs of Dagster over batches of new objects: all that is not extraction, as a share of the whole.

    What the extraction takes is measured too, because a sleep of 5 ms takes longer than that, and the longer the busier
    the machine is.
    """
    home = fresh_home(folder)
    reading(home, "slow", {"type": "bucket", "bucket_ids": ["texts"]}, extractor="sleepy", seconds=SECONDS)
    ids = home.put([f"text {number}" for number in range(objects)])
    batches = [submitted(home, ids[start : start + size]) for start in range(0, objects, size)]
    with house(folder, home) as (instance, defs, snapshot):
        instance.add_dynamic_partitions(snapshot.components[0].name, [batch.batch_id for batch in batches])
        key = naming.asset_key(snapshot.collections[0])
        slept, seconds = [nap()], 0.0
        for batch in batches:
            seconds += run(defs, instance, key, [batch])[0]
            slept.append(nap())
    object_s = sum(slept) / len(slept)
    per_batch = seconds / len(batches) - size * object_s
    told(
        "orchestration",
        f"{objects} objects of {object_s * 1e3:.2f} ms in {len(batches)} batches: {seconds:.1f} s, {per_batch:.2f} s a batch beside the extraction",
        1 - objects * object_s / seconds,
        MOST_SHARE,
    )
    engine = in_engine(home, batches) / len(batches) - size * object_s
    print(
        f"    of these {engine:.2f} s handling rows, {per_batch - engine:.2f} s plan, commits, accounts and Dagster"
    )
    million = 1_000_000 / size * per_batch
    print(
        f"    1,000,000 objects in {1_000_000 // size} batches: {million:.0f} s beside {1_000_000 * object_s:.0f} s of extraction in one worker"
    )


def in_engine(home: Home, batches: Sequence[Batch]) -> float:
    """What the engine took for the batches, from their reports: the extraction, and rows on their way to it and back."""
    done = [home.warehouse.batches.get(home.bucket, batch.batch_id) for batch in batches]
    return sum(report.usage.wall_s for batch in done for report in batch.tiers.values())


def nap(times: int = 400) -> float:
    """What the extraction of one object takes right now, in seconds."""
    start = time.monotonic()
    for _ in range(times):
        time.sleep(SECONDS)
    return (time.monotonic() - start) / times


def foreseen(folder: Path, objects: int) -> None:
    """What a run takes in wall and CPU seconds before it, against what it took: after a sample, and after two runs.

    Runs of a stack are processes of their own, all cold; these here are all warm, after a first one that does not count.
    """
    home = fresh_home(folder)
    source = {"type": "bucket", "bucket_ids": ["texts"]}
    warm, collection = (
        reading(home, name, source, extractor="sleepy", seconds=SECONDS) for name in ("warm", "slow")
    )
    ids = home.put([f"text {number}" for number in range(3 * objects)])
    of_batch(home, warm, submitted(home, ids[:16]))
    of_batch(home, collection, submitted(home, ids[: objects // 10]))
    compared(home, collection, ids[objects // 10 : objects], "a sample of a tenth", 0.10)
    compared(home, collection, ids[objects : 2 * objects], "two earlier runs", 0.20)
    compared(home, collection, ids[2 * objects :], "three earlier runs", 0.20)


def compared(home: Home, collection: Collection, ids: Sequence[str], known: str, goal: float) -> None:
    batch = submitted(home, ids)
    tiers = home.warehouse.estimates.for_batches([batch]).forecast.tiers
    cost = next(tier.at_least for tier in tiers if tier.collection_id == collection.collection_id)
    assert cost is not None
    of_batch(home, collection, batch)
    [measured] = home.warehouse.catalog.measurements.of_collection(collection.collection_id, limit=1)
    for name in ("wall", "cpu"):
        foreseen, took = cost.amount.of(f"{name}_s"), measured.total.of(f"{name}_s")
        off = abs(foreseen / took - 1)
        told(f"estimate, {name}", f"after {known}: {foreseen:.3f} s foreseen, {took:.3f} s taken", off, goal)


def three_tiers(home: Home) -> list[Collection]:
    """A chain in which every tier takes its time for every row."""
    sources = [{"type": "bucket", "bucket_ids": ["texts"]}]
    sources += [{"type": "collection", "collection_ids": [name]} for name in TIERS[:-1]]
    return [
        reading(home, name, source, extractor="sleepy", seconds=SECONDS)
        for name, source in zip(TIERS, sources, strict=True)
    ]


def reading(
    home: Home, name: str, source: dict[str, object], *, extractor: str = "word_vectors", **parameters: object
) -> Collection:
    """A collection over a source."""
    spec = {
        "collection_name": name,
        "source": source,
        "feature_extractor": {"feature_extractor_name": extractor, "version": "v1", "parameters": parameters},
    }
    return home.warehouse.collections.create(home.bucket.namespace_id, CollectionSpec.model_validate(spec))


def submitted(home: Home, object_ids: Sequence[str]) -> Batch:
    return home.warehouse.batches.create(
        home.bucket, BatchSpec(object_ids=list(object_ids), auto_submit=True)
    )


def of_batch(home: Home, collection: Collection, batch: Batch) -> TierReport:
    return home.warehouse.materialize(collection.collection_id, [batch.batch_id], run_id="edit")[
        batch.batch_id
    ]


class OpenedWarehouse(WarehouseResource):
    """The resource over the warehouse that is measured."""

    opened: ClassVar[list[Warehouse]] = []

    def open(self) -> Warehouse:
        return self.opened[-1]


@contextmanager
def house(folder: Path, home: Home) -> Iterator[tuple[dg.DagsterInstance, dg.Definitions, Snapshot]]:
    """A Dagster instance on SQLite as the local stack has it, with the definitions of what is there."""
    OpenedWarehouse.opened.append(home.warehouse)
    home.warehouse.publish()
    snapshots = Settings(home=folder).snapshots
    snapshot = read_snapshot(snapshots)
    addresses = Addresses("http://127.0.0.1:8080")
    defs = build_definitions(snapshot, snapshots=snapshots, addresses=addresses, warehouse=OpenedWarehouse())
    (folder / "instance").mkdir()
    (folder / "instance" / "dagster.yaml").write_text(as_yaml(instance_config(folder)))
    with dg.DagsterInstance.from_config(str(folder / "instance")) as instance:
        yield instance, defs, snapshot


def run(
    defs: dg.Definitions, instance: dg.DagsterInstance, key: dg.AssetKey, batches: Sequence[Batch]
) -> tuple[float, int]:
    """Seconds of one run of an asset over a range of batches, and the rows that it left in the event log."""
    tags = {
        "dagster/asset_partition_range_start": batches[0].batch_id,
        "dagster/asset_partition_range_end": batches[-1].batch_id,
    }
    start = time.monotonic()
    result = defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance, tags=tags, asset_selection=[key]
    )
    return time.monotonic() - start, len(instance.all_logs(result.run_id))


def told(name: str, what: str, value: float, goal: float) -> None:
    """A line with the ratio to the goal."""
    print(f"  {name}: {what} ({value / goal:.2f} of the goal {goal:g})")


if __name__ == "__main__":
    main()
