"""What the index steward holds in memory: `python -m benchmarks.steward [--rows 200000]`.

A table of random vectors in many small fragments is tended by a fresh process, one step after the other
as the steward does it: compact, index, clean up. Printed are the most memory that the process held beyond what it held when
the table was open, beside the size of the table; how long each step took; and how many of the ten nearest rows a
search by index finds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mixpeek_orchestration.core.collection import VectorIndex

TABLE, DIMENSION, K, QUERIES, SMALL = "vectors", 384, 10, 50, 400
MB = 1 << 20
VECTOR = VectorIndex("feature", "vec", DIMENSION)


def vectors(rows: int) -> np.ndarray:
    """Half of them anywhere, half in narrow clusters."""
    random = np.random.default_rng(7)
    centres = random.normal(size=(200, DIMENSION)).astype(np.float32) * 2
    anywhere = random.standard_normal(size=(rows // 2, DIMENSION), dtype=np.float32)
    near = random.standard_normal(size=(rows - rows // 2, DIMENSION), dtype=np.float32) * np.float32(0.2)
    return np.concatenate([anywhere, near + centres[random.integers(0, 200, len(near))]])


def build(folder: Path, rows: int) -> None:
    """The table with a fragment for every few rows, as a collection has it that was filled by small commits. Made by
    appending: what is measured is the table, not how it came about."""
    import lance
    import pyarrow as pa

    matrix = vectors(rows)
    np.save(folder / "vectors.npy", matrix)
    ids = pa.array([f"doc_{number:024}" for number in range(rows)])
    root = pa.array([f"obj_{number // 4:024}" for number in range(rows)])
    text = pa.array([f"words of {number} " * 8 for number in range(rows)])
    vec = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), DIMENSION)
    columns = {"document_id": ids, "_root_object": root, "_source_item": root, "text": text, "vec": vec}
    lance.write_dataset(
        pa.table(columns), str(folder / f"{TABLE}.lance"), max_rows_per_file=SMALL, max_rows_per_group=SMALL
    )


@contextmanager
def measured(name: str, told: dict[str, tuple[float, float]]) -> Iterator[None]:
    """Keeps the seconds of the block, and the most megabytes that were resident in it."""
    import psutil

    process, stop, most = psutil.Process(), threading.Event(), [0]

    def watch() -> None:
        while not stop.wait(0.005):
            most[0] = max(most[0], process.memory_info().rss)

    watching = threading.Thread(target=watch)
    began = time.monotonic()
    watching.start()
    try:
        yield
    finally:
        stop.set()
        watching.join()
        told[name] = (time.monotonic() - began, max(most[0], process.memory_info().rss) / MB)


def tend(folder: Path) -> None:
    """What a fresh process does and needs, as a line of JSON."""
    import psutil

    from mixpeek_orchestration.core.index_plan import IndexPolicy, plan_upkeep
    from mixpeek_orchestration.stores.documents import open_documents
    from mixpeek_orchestration.warehouse.upkeep.index_steward import take

    upkeep, policy = open_documents(str(folder)).upkeep, IndexPolicy()
    facts = upkeep.facts(TABLE)
    assert facts is not None
    base = psutil.Process().memory_info().rss / MB
    told: dict[str, tuple[float, float]] = {}
    for step in plan_upkeep(facts, [VECTOR], policy=policy):
        with measured(f"{step.action} {step.kind} {step.column}".replace(" other ", ""), told):
            take(step, upkeep, TABLE, [VECTOR], policy=policy)
    after = upkeep.facts(TABLE)
    assert after is not None
    said = {"base": base, "mb": after.bytes / MB, "fragments": [facts.fragments, after.fragments]}
    print(json.dumps({**said, "steps": told}))


def recall(folder: Path) -> float:
    """How many of the true nearest rows a search finds, of all."""
    from mixpeek_orchestration.stores.documents import open_documents

    matrix, random = np.load(folder / "vectors.npy", mmap_mode="r"), np.random.default_rng(3)
    store, found = open_documents(str(folder)), 0
    norms = np.linalg.norm(matrix, axis=1)
    for place in random.integers(0, len(matrix), QUERIES):
        query = matrix[place] + random.normal(size=DIMENSION).astype(np.float32) * 0.1
        best = np.argsort(-(matrix @ query) / norms)[:K]
        answer = store.search(TABLE, VECTOR, query.tolist(), k=K)
        found += len({f"doc_{number:024}" for number in best} & set(answer["document_id"].to_pylist()))
    return found / (QUERIES * K)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[50_000, 200_000])
    parser.add_argument("--tend", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.tend:
        tend(asked.tend)
        return
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            build(folder, rows)
            command = [sys.executable, "-m", "benchmarks.steward", "--tend", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            told = json.loads(done.stdout.splitlines()[-1])
            before, after = told["fragments"]
            raw = rows * DIMENSION * 4 / MB
            print(f"{rows:,} x {DIMENSION}: {raw:,.0f} MB of vectors in {before} fragments, then {after}")
            for step, (seconds, most) in told["steps"].items():
                print(f"  {step:24} {seconds:7.1f} s   {most - told['base']:7,.0f} MB at most")
            print(f"  recall of {QUERIES} searches: {recall(folder):.3f}", flush=True)


if __name__ == "__main__":
    main()
