"""The test harness on real Ray Data: the same findings as in process, and the command with a cluster of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import psutil
import pytest

from mixpeek_orchestration.bootstrap import open_harness
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.engine.ray_data import RayRunner
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.extractors.testing.report import Check
from mixpeek_orchestration.extractors.testing.samples import sample_of

from ..unit.testing.sample_packages import CORE, write_package

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

STEP = (
    dedent(CORE).replace("        return batch\n", "")
    + """
        wrong = {"short": [1.0], "nan": [float("nan")] * 4, "zero": [0.0] * 4, "none": None}
        batch["letter_vector"] = [
            wrong.get(text, vector) for text, vector in zip(texts, batch["letter_vector"])
        ]
        batch["letters"] = ["many" if text == "type" else len(text) for text in texts]
        if "raise" in texts:
            raise KeyError("raise")
        return batch[batch["data"] != "lost"]
"""
)
TEXTS = ["good", "short", "nan", "zero", "none", "type", "raise", "lost", "also good"]
EXPECTED = {
    "TEST021": "row 2",
    "TEST022": "row 3",
    "TEST023": "row 4",
    "TEST025": "row 5",
    "TEST026": "row 6",
    "TEST030": "row 7",
    "TEST029": "row 8",
}


def test_ray_data_finds_what_the_run_in_process_finds(tmp_path: Path, ray_cluster: LocalCluster) -> None:
    """One run in which every row is wrong in another way: each is one finding, naming its row, on both runners."""
    package = write_package(tmp_path, {"processors/core.py": STEP})
    description = PackageRegistry([package], tmp_path / "models").describe("letters")
    harness = open_harness(tmp_path / "harness")
    sample = sample_of([{"text": text} for text in TEXTS], description, origin="test")

    on_ray, usage = harness.run(RayRunner(ray_cluster.address, ray_cluster.environment), description, sample)
    here, _ = harness.run(InProcessRunner(), description, sample)

    assert usage.runner == "ray"
    assert usage.cpu_s > 0
    assert rows_by_rule(on_ray) == EXPECTED
    assert sorted(on_ray.findings) == sorted(here.findings)
    assert "9 objects → 2 documents, through Ray Data" in on_ray.message


def rows_by_rule(check: Check) -> dict[str, str]:
    return {finding.rule: finding.message.partition(":")[0] for finding in check.findings}


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_row(tmp_path: Path, ray_cluster: LocalCluster) -> None:
    """A row that ends the process is a finding of its own, and the others come out."""
    core = dedent(CORE).replace(
        "        return batch\n",
        "        if 'die' in texts:\n            import os; os._exit(1)\n        return batch\n",
    )
    description = PackageRegistry(
        [write_package(tmp_path, {"processors/core.py": core})], tmp_path / "models"
    ).describe("letters")
    sample = sample_of([{"text": "good"}, {"text": "die"}], description, origin="test")
    runner = RayRunner(ray_cluster.address, ray_cluster.environment)
    check, _ = open_harness(tmp_path / "harness").run(runner, description, sample)
    assert rows_by_rule(check) == {"TEST032": "row 2"}
    assert "→ 1 document" in check.message


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for temporary files that is short enough for Ray to keep its sockets in it."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="mxh") as folder:
        yield Path(folder)


@pytest.mark.slow
def test_the_command_starts_and_stops_a_cluster_of_its_own(tmp_path: Path, short_folder: Path) -> None:
    """`mixpeek plugin test` needs no key, server or network; afterwards no process and no state of its run is left."""
    package = write_package(tmp_path)
    home = {"MIXPEEK_HOME": str(tmp_path / "home"), "TMPDIR": str(short_folder)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "MIXPEEK_"))}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("mixpeek")), "plugin", "test", str(package), "--json"],
        env={**kept, **home},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    read = json.loads(done.stdout)
    assert (done.returncode, read["ok"]) == (0, True), done.stderr
    assert "through Ray Data" in read["checks"][-1]["message"]
    assert read["resources"]["sample_run"]["runner"] == "ray"
    assert not list(short_folder.iterdir())
    assert not [
        one
        for one in psutil.process_iter(["cmdline"])
        if str(short_folder) in " ".join(one.info["cmdline"] or ())
    ]
