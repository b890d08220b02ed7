"""What the engine costs per object with an extractor that costs next to nothing: no commits, no catalog.

`python benchmarks/engine_tax.py` stores texts in a folder, extracts them through the package that the tests use, in
process and on a Ray cluster of its own, and prints milliseconds an object. On Ray the start is printed apart, and the
cost is the marginal one between a small and a large run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from mixpeek_orchestration.core.ports.extraction import (  # noqa: E402 - after the path of a plain script
    ExtractionJob,
    InputRow,
    Runner,
    SourceItem,
)
from mixpeek_orchestration.engine.in_process import InProcessRunner  # noqa: E402
from mixpeek_orchestration.engine.ray_data import RayRunner  # noqa: E402
from mixpeek_orchestration.engine.ray_local import start_local  # noqa: E402
from mixpeek_orchestration.extractors.registry import PackageRegistry  # noqa: E402
from mixpeek_orchestration.stores.objects import open_objects  # noqa: E402

PACKAGES = REPOSITORY / "assets_tests" / "packages"
TEXT = "Some forty words of text are enough to look like a passage and little enough to cost nothing. " * 2
WANTED_MS = 0.25


@dataclass(frozen=True)
class Timing:
    """Seconds until the first result and until the last, and the rows that came."""

    first_s: float
    total_s: float
    items: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-process", type=int, default=5_000)
    parser.add_argument("--ray", type=int, nargs=2, default=[10_000, 50_000], metavar=("SMALL", "LARGE"))
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        job, items = job_in(root), list(source_items(root, max(options.in_process, *options.ray)))
        in_process(job, items[: options.in_process], options.repeats)
        with start_local(root) as cluster:
            on_ray(RayRunner(cluster.address, cluster.environment), job, items, options.ray, options.repeats)


def job_in(root: Path) -> ExtractionJob:
    """A job of the free package, its content in a folder."""
    description = PackageRegistry([PACKAGES], root / "models").describe("word_vectors")
    store = {"url": str(root / "objects")}
    return ExtractionJob(description.recipe, description, "col_bench", store, open_objects)


def source_items(root: Path, count: int) -> Iterator[SourceItem]:
    """Objects that share a thousand texts: storing is not measured here, and every object is read all the same."""
    store = open_objects({"url": str(root / "objects")})
    texts = [f"{number} {TEXT}".encode() for number in range(1000)]
    hashes = [store.put(text) for text in texts]
    for number in range(count):
        size, address = len(texts[number % 1000]), hashes[number % 1000]
        row = InputRow(f"blob_{number}", "text", "text", "text/plain", size, content_hash=address)
        yield SourceItem(f"obj_{number}", f"obj_{number}", (row,))


def timed(runner: Runner, job: ExtractionJob, items: list[SourceItem]) -> Timing:
    """One whole run; every item must come back with a row."""
    started, first, rows, seen = time.monotonic(), 0.0, 0, 0
    for result in runner.run(job, items):
        first = first or time.monotonic() - started
        rows += result.rows.num_rows
        seen += len(result.items)
    assert rows == seen == len(items), (rows, seen)
    return Timing(first, time.monotonic() - started, seen)


def in_process(job: ExtractionJob, items: list[SourceItem], repeats: int) -> None:
    """Print the cost in process."""
    runs = [timed(InProcessRunner(), job, items).total_s for _ in range(repeats)]
    report(f"in process, {len(items):,} objects", statistics.median(runs) / len(items) * 1000)


def on_ray(
    runner: Runner, job: ExtractionJob, items: list[SourceItem], counts: list[int], repeats: int
) -> None:
    """Print the start of a pool and the marginal cost; small and large runs take turns."""
    small, large = counts
    timed(runner, job, items[:100])
    pairs = [(timed(runner, job, items[:small]), timed(runner, job, items[:large])) for _ in range(repeats)]
    start = statistics.median(run.first_s for pair in pairs for run in pair)
    print(f"Ray, first result after {start:.1f} s (the pool's start, cluster up)")
    for count, runs in zip(counts, zip(*pairs, strict=True), strict=True):
        print(f"Ray, {count:,} objects: {statistics.median(run.total_s for run in runs):.1f} s")
    gained = [(b.total_s - a.total_s) / (large - small) * 1000 for a, b in pairs]
    report(f"Ray, marginal between {small:,} and {large:,}", statistics.median(gained))


def report(what: str, milliseconds: float) -> None:
    """One line with the goal beside it."""
    print(f"{what}: {milliseconds:.3f} ms an object (goal {WANTED_MS}; ratio {milliseconds / WANTED_MS:.2f})")


if __name__ == "__main__":
    main()
