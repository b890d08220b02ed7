"""Real embeddings through the whole warehouse against one raw `SentenceTransformer.encode` loop.

`python -m benchmarks.warehouse_embeddings` runs every side in a fresh process, with Ray up and weights cached, on the
same texts with the same truncation. The warehouse's time includes planning, reading from the object store, writing
documents and accounting. The order alternates between repeats; the ratio is that of the best times.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.embeddings import run_sentence_transformers, texts
from benchmarks.homes import fresh_home
from mixpeek_orchestration.engine.ray_local import LocalCluster, start_local

RAW = "sentence_transformers"
SIDES = ("in_process", "ray", RAW)
WANTED = {1_000: 0.95, 10_000: 1.0}


def run_side(side: str, count: int, cluster: LocalCluster) -> dict[str, float]:
    """Seconds and peak megabytes (of this process and of the largest worker) of one side."""
    documents = texts(count)
    if side == RAW:
        return {"seconds": run_sentence_transformers(documents, Path()), "peak_mb": own_peak_mb()}
    with tempfile.TemporaryDirectory() as folder:
        home = fresh_home(Path(folder), cluster=cluster if side == "ray" else None)
        home.put(documents)
        collection = home.collection("text_extractor", split_by="none")
        begin = time.perf_counter()
        report = home.warehouse.materialize(collection.collection_id, None, run_id="bench")[""]
        took = time.perf_counter() - begin
        home.warehouse.close()
    if report.written != count:
        raise SystemExit(f"not everything was written: {report.line}")
    return {"seconds": took, "peak_mb": max(own_peak_mb(), report.usage.peak_rss_bytes / 2**20)}


def own_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_fresh_process(side: str, count: int, cluster: LocalCluster) -> dict[str, float]:
    """`run_side` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.warehouse_embeddings", "--side", side, "--texts", str(count)]
    environment = {**os.environ, **cluster.environment, "BENCH_RAY_ADDRESS": cluster.address}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(count: int, repeats: int, cluster: LocalCluster) -> None:
    """Print the best time of each side, its peak memory, and the ratios."""
    measured: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for repeat in range(repeats):
        for side in SIDES if repeat % 2 == 0 else tuple(reversed(SIDES)):
            measured[side].append(in_fresh_process(side, count, cluster))
    best = {side: min(run["seconds"] for run in runs) for side, runs in measured.items()}
    for side, runs in measured.items():
        peak = max(run["peak_mb"] for run in runs)
        ratio = f"ratio {best[RAW] / best[side]:.2f} x (goal {WANTED.get(count, 1.0)})" if side != RAW else ""
        print(f"{count:>6} texts  {side:<22} {best[side]:8.2f} s  peak {peak:6.0f} MB  {ratio}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, nargs="+", default=sorted(WANTED))
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--side", choices=SIDES, help="measure one side in this process and print JSON")
    options = parser.parse_args()
    if options.side:
        cluster = LocalCluster(os.environ["BENCH_RAY_ADDRESS"], dict(os.environ), 0)
        print(json.dumps(run_side(options.side, options.texts[0], cluster)))
        return
    with tempfile.TemporaryDirectory() as folder, start_local(Path(folder)) as cluster:
        in_fresh_process("in_process", 8, cluster)  # the export of the model is not what is measured
        for count in options.texts:
            compare(count, options.repeats, cluster)


if __name__ == "__main__":
    main()
