"""What the whole warehouse costs an object: plan, extract, commit and account, with an extractor that costs nothing.

`python -m benchmarks.warehouse_tax` materializes in process at 5,000 objects and on a Ray cluster of its own at
10,000 and 50,000. On Ray the cost is the marginal one between the two; the start is what is left of the small run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.homes import fresh_home
from mixpeek_orchestration.engine.ray_local import LocalCluster, start_local

WANTED_MS = 0.6
TEXT = "Some forty words of text are enough to look like a passage and little enough to cost nothing. " * 2


def seconds(count: int, cluster: LocalCluster | None) -> float:
    """One materialization of a bucket with `count` objects in a fresh home; everything must be written."""
    with tempfile.TemporaryDirectory() as folder:
        home = fresh_home(Path(folder), cluster=cluster)
        home.put([f"{number} {TEXT}" for number in range(count)])
        collection = home.collection("word_vectors")
        begin = time.monotonic()
        report = home.warehouse.materialize(collection.collection_id, None, run_id="bench")[""]
        took = time.monotonic() - begin
        home.warehouse.close()
        if report.written != count:
            raise SystemExit(f"not everything was written: {report.line}")
        return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-process", type=int, default=5_000)
    parser.add_argument("--ray", type=int, nargs=2, default=[10_000, 50_000], metavar=("SMALL", "LARGE"))
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    median = statistics.median(seconds(options.in_process, None) for _ in range(options.repeats))
    told(f"in process, {options.in_process:,} objects", median / options.in_process)
    small, large = options.ray
    with tempfile.TemporaryDirectory() as folder, start_local(Path(folder)) as cluster:
        seconds(100, cluster)
        pairs = [(seconds(small, cluster), seconds(large, cluster)) for _ in range(options.repeats)]
    marginal = statistics.median((b - a) / (large - small) for a, b in pairs)
    first = statistics.median(a for a, _ in pairs)
    print(f"Ray, {small:,} objects {first:.1f} s, {large:,} {statistics.median(b for _, b in pairs):.1f} s")
    print(f"Ray, start-up {first - marginal * small:.1f} s")
    told(f"Ray, marginal between {small:,} and {large:,}", marginal)


def told(what: str, per_object_s: float) -> None:
    """One line with the goal beside it."""
    ms = per_object_s * 1000
    print(f"{what}: {ms:.3f} ms an object (goal {WANTED_MS}, ratio {ms / WANTED_MS:.2f})", flush=True)


if __name__ == "__main__":
    main()
