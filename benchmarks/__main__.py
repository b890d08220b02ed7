"""All benchmarks, one after the other: `python -m benchmarks` (or `make bench`)."""

from __future__ import annotations

import os
import subprocess
import sys

BENCHMARKS = {
    "plan": "Nothing to do, and 1% changed, deleted, added",
    "warehouse_tax": "What the warehouse costs an object",
    "engine_tax": "What the engine costs an object",
    "embeddings": "The processor against a raw encode loop",
    "warehouse_embeddings": "The whole warehouse against a raw encode loop",
    "query": "Queries over HTTP, and a small batch",
    "steward": "What the index steward holds in memory",
    "house": "What Dagster and the accounting cost beside the extraction",
    "appearing": "From a collection made over HTTP to its asset in Dagster",
    "crash": "kill -9 at random points",
}


def main() -> None:
    chosen = sys.argv[1:] or list(BENCHMARKS)
    failed = []
    for name in chosen:
        print(f"\n== {name}: {BENCHMARKS[name]} (load average {os.getloadavg()[0]:.1f})", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
