"""How soon a collection made over HTTP is an asset in Dagster, on a running stack of its own.

`python -m benchmarks.appearing` makes ten, one after the other, and prints median and worst of the seconds between the
API's answer and the webserver's knowing the asset: with few collections and with 1,000 in the home, on a machine left alone and
with loops that keep its cores busy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from assets_tests.e2e.running_stack import RunningStack, free_ports, wait_until
from benchmarks.homes import PACKAGES, fresh_home
from benchmarks.house import reading, told

MOST_S = 10.0
QUERY = "query Shown($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { __typename } }"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--creations", type=int, default=10)
    parser.add_argument(
        "--collections", type=int, nargs="*", default=[0, 1000], help="How many there are already."
    )
    parser.add_argument("--busy", type=int, default=4, help="How many loops keep the cores busy.")
    options = parser.parse_args()
    for count in options.collections:
        with tempfile.TemporaryDirectory() as folder, stack(Path(folder) / "home", count) as running:
            appeared(running, "warm-up", 1)
            measured(running, f"{count} collections, alone", options.creations)
            with busy(options.busy):
                measured(running, f"{count} collections, {options.busy} busy loops", options.creations)


@contextmanager
def stack(home: Path, collections: int) -> Iterator[RunningStack]:
    """A stack over a home with so many collections; it is down again afterwards."""
    filled = fresh_home(home)
    for number in range(collections):
        reading(filled, f"there-{number}", {"type": "bucket", "bucket_ids": ["texts"]})
    filled.warehouse.close()
    packages = {"MIXPEEK_EXTRACTOR_PATHS": ":".join(map(str, PACKAGES))}
    running = RunningStack(home, free_ports(), packages)
    try:
        running.up()
        yield running
    finally:
        running.mixpeek("down")


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Loops that take what the stack leaves of the cores."""
    command = [sys.executable, "-c", "import os\nos.nice(5)\nwhile True: pass"]
    started = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def measured(running: RunningStack, name: str, creations: int) -> None:
    took = appeared(running, name, creations)
    what = f"{name}: median {statistics.median(took):.1f} s, worst {max(took):.1f} s of {creations}"
    told("appearing", f"{what}, load average {os.getloadavg()[0]:.0f}", max(took), MOST_S)


def appeared(running: RunningStack, name: str, creations: int) -> list[float]:
    """Seconds from the answer to the asset, of collections made one after the other."""
    with running.client() as api, httpx.Client(base_url=running.url("webserver"), timeout=60) as webserver:
        return [one_appeared(api, webserver, f"{name} {number}") for number in range(creations)]


def one_appeared(api: httpx.Client, webserver: httpx.Client, name: str) -> float:
    extractor = {"feature_extractor_name": "word_vectors", "version": "v1"}
    source = {"type": "bucket", "bucket_ids": ["texts"]}
    made = api.post(
        "/collections", json={"collection_name": name, "source": source, "feature_extractor": extractor}
    )
    made.raise_for_status()
    start = time.monotonic()
    wait_until(lambda: is_shown(webserver, name), f"{name} is an asset")
    return time.monotonic() - start


def is_shown(webserver: httpx.Client, name: str) -> bool:
    key = {"path": ["default", "collections", name]}
    answer = webserver.post("/graphql", json={"query": QUERY, "variables": {"key": key}})
    return bool(answer.json()["data"]["assetNodeOrError"]["__typename"] == "AssetNode")


if __name__ == "__main__":
    main()
