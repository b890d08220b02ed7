"""Packages of every documented style in a Ray worker: built there from their recipes, in batch and as an endpoint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from assets_tests.unit.extractors.sample_styles import NAMES, STYLES, TEXTS, described, extracted, rows_of
from mixpeek_orchestration.core.errors import Unschedulable
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.ports.extraction import ExtractionJob
from mixpeek_orchestration.engine.images import check_image
from mixpeek_orchestration.engine.ray_data import RayRunner
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.extractors.import_roots import ROOTS

pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]


def in_worker(descriptions: list[ExtractorDescription]) -> dict[str, tuple[Any, Any]]:
    """Per package, the first row's vectors and what an endpoint of it answers; in whatever process this runs."""
    import asyncio

    from mixpeek_orchestration.serving.endpoint import Endpoint

    async def ask(description: ExtractorDescription) -> Any:
        endpoint = await Endpoint.started([description.recipe])
        inputs = {"text": TEXTS[0], "prompt": "say", "pairs": [["a", "b"]]}
        return (await endpoint.answers([(inputs, dict(description.parameters))]))[0]

    found = {}
    for description in descriptions:
        rows = rows_of(extracted(description))
        vectors = {v.feature: rows.column(v.column)[0].as_py() for v in description.vectors}
        found[description.name] = (vectors, asyncio.run(ask(description)))
    found["sys.modules"] = (sorted(ROOTS & {name.split(".", 1)[0] for name in sys.modules}), None)
    return found


@pytest.mark.usefixtures("ray_cluster")
def test_every_style_runs_and_answers_in_a_worker(tmp_path: Path) -> None:
    """A worker that has only the recipes builds the same steps and services: equal vectors, equal answers, and no
    module of a documented root, also for imports inside methods."""
    import ray

    descriptions = [described(STYLES / name, tmp_path) for name in NAMES]
    there = ray.get(ray.remote(num_cpus=0)(in_worker).remote(descriptions))
    here = in_worker(descriptions)
    assert there == here
    assert there["sys.modules"] == ([], None)
    assert len(there) == len(NAMES) + 1


def test_a_package_without_build_steps_runs_on_ray_data(ray_cluster: LocalCluster, tmp_path: Path) -> None:
    """The shortest style goes through a pool of actors like any other, with the rows of the in-process runner."""
    from mixpeek_orchestration.core.ports.extraction import InputRow, SourceItem

    description = described(STYLES / "typed_bare", tmp_path)
    items = [
        SourceItem(
            f"item_{n}", f"obj_{n}", (InputRow(f"b{n}", "text", "text", "text/plain", len(t), text=t),)
        )
        for n, t in enumerate(TEXTS)
    ]
    runner = RayRunner(ray_cluster.address, ray_cluster.environment)
    on_ray = rows_of(list(runner.run(ExtractionJob(description.recipe, description, "col_1"), items)))
    here = rows_of(extracted(description))
    order = [("_source_item", "ascending")]
    assert on_ray.select(here.column_names).sort_by(order).equals(here.sort_by(order))


@pytest.mark.usefixtures("ray_cluster")
def test_an_image_is_refused_where_the_cluster_cannot_run_it() -> None:
    """A cluster whose nodes lack the program that starts images says so before a run, by field."""
    import shutil

    if shutil.which("podman"):
        pytest.skip("This machine can run images.")
    with pytest.raises(Unschedulable, match="podman") as refused:
        check_image("team/image:1")
    assert refused.value.field == "container_image"
    check_image("")
