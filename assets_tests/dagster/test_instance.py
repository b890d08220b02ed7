"""The files in the root of the repository agree with the code."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import yaml

from mixpeek_orchestration.defs.instance import instance_config
from mixpeek_orchestration.warehouse.snapshots.reload import LOCATION

ROOT = Path(__file__).parents[2]


def test_the_clone_and_the_stack_have_one_configuration() -> None:
    """`dagster.yaml` in the root is what the code says, for a home in the clone."""
    assert yaml.safe_load((ROOT / "dagster.yaml").read_text()) == instance_config(Path(".mixpeek"))


def test_the_configuration_prints_itself_as_yaml(tmp_path: Path) -> None:
    """The local stack writes what the module prints for its home."""
    printed = subprocess.run(
        [sys.executable, "-m", "mixpeek_orchestration.defs.instance", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert yaml.safe_load(printed.stdout) == instance_config(tmp_path)


def test_crashed_workers_are_retried_and_errors_of_code_are_not(instance: dg.DagsterInstance) -> None:
    """Dagster accepts the configuration and reads it as it is meant."""
    assert instance.run_retries_enabled
    assert not instance.run_retries_retry_on_asset_or_op_failure
    assert not instance.telemetry_enabled
    assert instance.get_concurrency_config().pool_config.default_pool_limit == 1


def test_workspace_and_project_name_the_same_location() -> None:
    """Every way of loading the code gives the location one name, the one that reloads ask for."""
    (entry,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    assert entry["python_module"]["location_name"] == project["code_location_name"] == LOCATION


def test_definitions_load_in_a_clone_without_state(tmp_path: Path) -> None:
    """`dagster definitions validate` passes before anything was declared."""
    checked = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", str(ROOT / "workspace.yaml")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"MIXPEEK_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "PATH": ""},
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
