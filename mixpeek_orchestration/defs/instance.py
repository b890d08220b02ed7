"""The Dagster instance: one source for the `dagster.yaml` of a clone and of the local stack.

`python -m mixpeek_orchestration.defs.instance FOLDER [POOL=LIMIT …]` prints it for a home, and sets how many runs may
hold each of these pools at a time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

MOST_RUNS: Final = 6
"""More than all shared pools have places by default, so that a long batch keeps no endpoint from coming up."""


def instance_config(root: Path) -> dict[str, Any]:
    """The configuration of an instance that keeps its state below `root`."""
    state = root / "dagster"
    return {
        "storage": {"sqlite": {"base_dir": str(state / "storage")}},
        "local_artifact_storage": _local("dagster._core.storage.root", "LocalArtifactStorage", state),
        "compute_logs": _local(
            "dagster._core.storage.local_compute_log_manager", "LocalComputeLogManager", state / "logs"
        ),
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "code_servers": {"local_startup_timeout": 180},
        "sensors": {"use_threads": True, "num_workers": 4},
        "run_queue": {"dequeue_interval_seconds": 1},
        # A run holds the pools of its steps from start to end. Each table has one of its own, so that it has one writer
        # at a time; what extracts also holds a place in one that all share (cores, accelerators, services of others).
        # `mixpeek up` sets the limits of those from the settings. No limits by tag: a run that waits for a pool would
        # count there, and keep others from passing it.
        "concurrency": {
            "runs": {"max_concurrent_runs": MOST_RUNS},
            "pools": {"default_limit": 1, "granularity": "run"},
        },
        "run_monitoring": {
            "enabled": True,
            "poll_interval_seconds": 15,
            "start_timeout_seconds": 180,
            "cancel_timeout_seconds": 60,
            "free_slots_after_run_end_seconds": 30,
        },
        # Errors of code belong to the assets' own retry policy; here only runs whose worker crashed are retried.
        "run_retries": {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False},
        "retention": {
            "sensor": {"purge_after_days": {"skipped": 1, "success": 7, "failure": 30, "started": 1}}
        },
    }


def as_yaml(config: dict[str, Any]) -> str:
    """The text of a `dagster.yaml`."""
    import yaml

    return yaml.safe_dump(config, sort_keys=False)


def limit_pools(config: dict[str, Any], limits: Mapping[str, int]) -> None:
    """The instance of this configuration lets so many runs hold each pool; every other pool one."""
    import dagster as dg

    with tempfile.TemporaryDirectory() as home:
        Path(home, "dagster.yaml").write_text(as_yaml(config))
        with dg.DagsterInstance.from_config(home) as instance:
            for pool, limit in limits.items():
                instance.event_log_storage.set_concurrency_slots(pool, limit)


def _local(module: str, name: str, folder: Path) -> dict[str, Any]:
    return {"module": module, "class": name, "config": {"base_dir": str(folder)}}


if __name__ == "__main__":
    folder, *given = sys.argv[1:]
    wanted = instance_config(Path(folder))
    sys.stdout.write(as_yaml(wanted))
    if given:
        limit_pools(wanted, {pool: int(limit) for pool, _, limit in (one.partition("=") for one in given)})
