"""A hostile package in the actors of a cluster: its rows fail, the cluster and the other packages go on."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from assets_tests.isolation.hostile_package import hostile_package
from assets_tests.unit.engine.fakes import text_item
from mixpeek_orchestration.core.ports.extraction import ExtractionJob
from mixpeek_orchestration.engine.ray_data import RayRunner
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.extractors.jailed.jailed import describe_jailed
from mixpeek_orchestration.extractors.registry import PackageRegistry

pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]

PACKAGES = Path(__file__).parents[1] / "packages"
ATTACKS = ("read_secret", "parent_environment", "credentials", "fork", "kill_everybody", "segfault", "leave")


def test_attacks_on_ray_cost_their_rows_only(tmp_path: Path, ray_cluster: LocalCluster) -> None:
    """Reading the token of the cluster, its environment, forking, killing, crashing: each row fails for itself. The rows
    between them come through, and so does another package on the same cluster."""
    secret = tmp_path / "token"
    secret.write_text("the token")
    world = {"secret": str(secret), "parent": os.getpid()}
    path = hostile_package(tmp_path)
    hostile = describe_jailed(path, {"world": world}, level="untrusted", model_cache=tmp_path / "cache")
    texts = [text for name in ATTACKS for text in ("between", name)]
    items = [text_item(f"i{place:02}", text) for place, text in enumerate(texts)]
    runner = RayRunner(ray_cluster.address, ray_cluster.environment)
    results = list(runner.run(ExtractionJob(hostile.recipe, hostile, "col_1"), items))
    errors = sorted((error.item, error.message) for one in results for error in one.errors)
    assert [item for item, _ in errors] == [f"i{place:02}" for place in range(1, len(texts), 2)]
    assert not [message for _, message in errors if "it got" in message]
    through = sorted(item for one in results for item in one.rows.column("_source_item").to_pylist())
    assert through == [f"i{place:02}" for place in range(0, len(texts), 2)]
    good = PackageRegistry([PACKAGES], tmp_path / "models").describe("word_vectors")
    (result,) = runner.run(ExtractionJob(good.recipe, replace(good), "col_2"), [text_item("a", "words")])
    assert result.rows.num_rows == 1
