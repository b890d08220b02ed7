"""Nothing to do: how long it takes to find out, on the real catalog and the real table of documents.

`python -m benchmarks.plan` fills both for 5,000 and 200,000 objects (384 dimensions), plans with nothing to do, then
with 1% of the objects changed, 1% deleted and 1% added, and prints seconds for every part.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl
import pyarrow as pa

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.identity import document_id, object_id
from mixpeek_orchestration.core.object import Blob, SourceObject
from mixpeek_orchestration.core.plan import DELETE, EXTRACT, PATCH, Fingerprints, Plan, make_plan
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore, Stamp
from mixpeek_orchestration.stores.catalog import open_catalog
from mixpeek_orchestration.stores.documents import open_documents

BUCKET, COLLECTION, TABLE, GENERATION, CODE = "bkt_bench", "col_bench", "gen_bench", "gen_bench", "code"
DIMENSION = 384
STEP = 5_000
WANTED_S = {5_000: 0.2, 200_000: 1.0}

T = TypeVar("T")


@dataclass(frozen=True)
class Warehouse:
    """The two stores that a plan reads."""

    catalog: Catalog
    documents: DocumentStore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, nargs="+", default=sorted(WANTED_S))
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    for count in options.objects:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count, options.repeats)


def measure(folder: Path, count: int, repeats: int) -> None:
    """Fill, plan, edit, plan again; print what it took."""
    home = Warehouse(open_catalog(f"sqlite:///{folder}/catalog.db"), open_documents(str(folder / "tables")))
    print(f"\n{count:,} objects, filled in {timed(lambda: fill(home, count))[0]:.1f} s")
    report("source frame", lambda: source(home), repeats)
    report("state frame", lambda: home.documents.state(TABLE), repeats)
    report("outcomes frame", lambda: home.catalog.ledger.outcomes(GENERATION), repeats)
    plan = report("whole plan, nothing to do", lambda: planned(home), repeats, wanted=WANTED_S.get(count))
    assert plan.fetched == plan.count("unchanged") == count
    edited = edit(home, count)
    plan = report(f"whole plan, {3 * edited} edits", lambda: planned(home), repeats)
    found = (plan.count(EXTRACT), plan.count(DELETE), plan.count(PATCH))
    print(f"  {found[0]} to extract, {found[1]} to delete, {found[2]} to patch")
    assert found == (2 * edited, edited, 0)


def planned(home: Warehouse) -> Plan:
    """What the planner of a collection does, every read included."""
    return make_plan(
        source(home),
        home.documents.state(TABLE),
        home.catalog.ledger.outcomes(GENERATION),
        code_fp=CODE,
        fingerprints=lambda items: fingerprints(home, items),
    )


def source(home: Warehouse) -> pl.DataFrame:
    return home.catalog.objects.frame([BUCKET])


def fingerprints(home: Warehouse, items: list[str]) -> Fingerprints:
    found = home.catalog.objects.get_many(items)
    return {item: (thing.blobs[0].content_hash, "") for item, thing in found.items()}


def fill(home: Warehouse, count: int) -> None:
    random = np.random.default_rng(0)
    for numbers in chunks(range(count)):
        things = [thing(number) for number in numbers]
        home.catalog.objects.put(things)
        home.documents.commit(
            TABLE,
            rows(things, random),
            items=[each.object_id for each in things],
            stamp=Stamp("bat_bench", CODE),
        )


def edit(home: Warehouse, count: int) -> int:
    """Change, delete and add 1% of the objects each; returns how many that is."""
    part = count // 100
    home.catalog.objects.put([thing(number, content="edited") for number in range(part)])
    home.catalog.objects.delete(BUCKET, [thing(number).object_id for number in range(part, 2 * part)])
    home.catalog.objects.put([thing(number) for number in range(count, count + part)])
    return part


def thing(number: int, content: str = "first") -> SourceObject:
    hashed = f"{content}{number}".ljust(64, "0")
    blob = Blob(f"blb_{number}", "text", "text", hashed, 1_000, "text/plain")
    identifier = object_id(BUCKET, str(number))
    return SourceObject(identifier, "ns_bench", BUCKET, (blob,), {"number": number}, key=str(number))


def rows(things: Sequence[SourceObject], random: np.random.Generator) -> pa.Table:
    size = len(things)
    ids = [each.object_id for each in things]
    vectors = pa.array(random.standard_normal(size * DIMENSION, dtype=np.float32))
    lineage = {name: pa.array([name] * size) for name in document.LINEAGE} | {
        document.DOCUMENT_ID: pa.array([document_id(COLLECTION, item, 0) for item in ids]),
        document.SOURCE_ITEM: pa.array(ids),
        document.ROOT_OBJECT: pa.array(ids),
        document.POSITION: pa.array([0] * size, pa.int32()),
        document.SOURCE_FP: pa.array([each.source_fp for each in things]),
        document.INPUT_FP: pa.array([each.blobs[0].content_hash for each in things]),
        document.PASS_FP: pa.array([""] * size),
        document.CODE_FP: pa.array([CODE] * size),
    }
    text = pa.array(["a passage of text " * 20] * size)
    return pa.table(
        {**lineage, "text": text, "embedding": pa.FixedSizeListArray.from_arrays(vectors, DIMENSION)}
    )


def chunks(numbers: range) -> Iterator[range]:
    yield from (numbers[start : start + STEP] for start in range(0, len(numbers), STEP))


def report(name: str, work: Callable[[], T], repeats: int, *, wanted: float | None = None) -> T:
    """Run `work` several times and print the first, the median and the slowest time."""
    runs = [timed(work) for _ in range(repeats)]
    seconds = [each for each, _ in runs]
    told = f"  {name:32} first {seconds[0]:.3f} s, median {statistics.median(seconds):.3f} s, slowest {max(seconds):.3f} s"
    verdict = (
        "" if wanted is None else f"  (wanted {wanted} s: {'kept' if max(seconds) <= wanted else 'missed'})"
    )
    print(told + verdict)
    return runs[-1][1]


def timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
