"""Run in a mount namespace of its own: a materialization whose disk of documents is full, and one with room again.

`python -m assets_tests.e2e.full_disk HOME COLLECTION MOUNT RESULT` writes what happened to RESULT as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.crash import home_settings, rows_of
from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.core.errors import MixpeekError

FULL, ROOMY = "160k", "200m"


def main(home: Path, collection_id: str, mount: Path, result: Path) -> None:
    """Mounts a small disk, runs, makes it larger, runs again."""
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={FULL}", "none", str(mount)], check=True)
    warehouse = open_warehouse(home_settings(home), local=True)
    told = {}
    try:
        warehouse.materialize(collection_id, None, run_id="full")
    except MixpeekError as error:
        told = {"code": error.code, "message": str(error), "fix": error.fix, "retryable": error.retryable}
    told["rows"] = len(rows_of(warehouse, collection_id))
    subprocess.run(["mount", "-o", f"remount,size={ROOMY}", str(mount)], check=True)
    report = warehouse.materialize(collection_id, None, run_id="roomy")[""]
    told |= {"written": report.written, "unchanged": report.unchanged, "fetched": report.fetched}
    told["contents"] = rows_of(warehouse, collection_id)
    warehouse.close()
    result.write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
