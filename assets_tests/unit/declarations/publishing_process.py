"""One of two publishers: creates buckets, waits for the other, and publishes at the same moment.

Run as `python publishing_process.py HOME NAME COUNT WEBSERVER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.snapshots.publishing import Publisher
from mixpeek_orchestration.warehouse.snapshots.reload import reload_definitions
from mixpeek_orchestration.warehouse.snapshots.reload_once import ReloadOnce
from mixpeek_orchestration.warehouse.specs import BucketSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

WAIT_S = 120
SCHEMA = {"properties": {"body": {"type": "text"}}}


def main(home: Path, name: str, count: int, webserver: str) -> None:
    """Create, publish in between, then publish and ask for a reload together with the other process."""
    settings = Settings(home=home)
    warehouse = open_warehouse(settings, local=True)
    try:
        create(warehouse, name, count)
        (home / f"{name}.ready").touch()
        both_are_ready(home)
        ask = ReloadOnce(warehouse.catalog.leases, settings.snapshots, lambda: reload_definitions(webserver))
        publisher = Publisher(warehouse.catalog.resources.revision, warehouse.publish, ask)
        if not publisher.step():
            raise SystemExit("not reloaded")
    finally:
        warehouse.close()


def create(warehouse: Warehouse, name: str, count: int) -> None:
    """Buckets of this process, a snapshot published after every third."""
    namespace_id = warehouse.namespace_id("default")
    for number in range(count):
        spec = BucketSpec.model_validate({"bucket_name": f"{name}-{number}", "bucket_schema": SCHEMA})
        warehouse.buckets.create(namespace_id, spec)
        if number % 3 == 2:
            warehouse.publish()


@retry(wait=wait_fixed(0.02), stop=stop_after_delay(WAIT_S), retry=retry_if_result(lambda ready: not ready))
def both_are_ready(home: Path) -> bool:
    """Wait for the other process."""
    return len(list(home.glob("*.ready"))) == 2


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
