"""The packages of Mixpeek's documentation, tested on real Ray Data as `mixpeek plugin test` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixpeek_orchestration.bootstrap import open_harness
from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.engine.ray_data import RayRunner
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.extractors.testing.generated import default_sample

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(300)]

DOCUMENTED = Path(__file__).parents[1] / "packages" / "documented"
PACKAGES = sorted(file.parent for file in DOCUMENTED.glob("*/manifest.py"))


def test_there_are_documented_packages() -> None:
    """The untyped and the typed style, and the layout of the command-line documentation."""
    assert {package.name for package in PACKAGES} >= {"untyped", "typed", "plugin"}


@pytest.mark.parametrize("package", PACKAGES, ids=[package.name for package in PACKAGES])
def test_a_documented_package_passes(package: Path, tmp_path: Path, ray_cluster: LocalCluster) -> None:
    """Its rows come through Ray Data with the vectors it declares; where its own schema says something else than
    its step writes, that is a warning."""
    registry = PackageRegistry([package], tmp_path / "models")
    description = registry.describe(registry.names()[0][0])
    runner = RayRunner(ray_cluster.address, ray_cluster.environment)
    check, usage = open_harness(tmp_path / "harness").run(runner, description, default_sample(description))
    assert check.ok, check.findings
    assert {finding.severity for finding in check.findings} <= {Severity.WARNING}
    assert "3 objects → 3 documents, through Ray Data" in check.message
    assert usage.runner == "ray"
