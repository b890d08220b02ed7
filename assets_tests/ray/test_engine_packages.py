"""Real packages on Ray: workers build them from the recipe and read content themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, InputRow, SourceItem
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.engine.ray_data import RayRunner
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.stores.objects import open_objects

pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]

PACKAGES = Path(__file__).parents[1] / "packages"
TEXTS = [b"one line", b"two\nlines", b"\n", "Umlaute: äöü".encode(), b"\xff no text", b"POISON here"]


@pytest.fixture
def job(tmp_path: Path) -> ExtractionJob:
    parameters = {"split_lines": True, "poison": "POISON"}
    description = PackageRegistry([PACKAGES], tmp_path / "models").describe("word_vectors", None, parameters)
    store = {"url": str(tmp_path / "objects")}
    return ExtractionJob(description.recipe, description, "col_1", store, open_objects)


def items_of(job: ExtractionJob) -> list[SourceItem]:
    store = open_objects(job.object_store)
    rows = [
        InputRow(f"blob_{n}", "text", "text", "text/plain", len(data), content_hash=store.put(data))
        for n, data in enumerate(TEXTS)
    ]
    return [SourceItem(f"item_{n}", f"obj_{n}", (row,)) for n, row in enumerate(rows)]


def joined(results: list[Extracted]) -> pa.Table:
    rows = pa.concat_tables([result.rows for result in results], promote_options="permissive")
    return rows.sort_by([("_source_item", "ascending"), ("_position", "ascending")]).combine_chunks()


def test_a_package_gives_the_same_rows_in_both_runners(job: ExtractionJob, ray_cluster: LocalCluster) -> None:
    """Rows, failures and empty items of a package in the documented layout are equal, content read from the store."""
    on_ray = list(RayRunner(ray_cluster.address, ray_cluster.environment).run(job, items_of(job)))
    here = list(InProcessRunner().run(job, items_of(job)))
    assert joined(on_ray).equals(joined(here))
    assert joined(here).column("_source_item").to_pylist() == ["item_0", "item_1", "item_1", "item_3"]
    assert [r.errors for r in on_ray] == [r.errors for r in here]
    assert {(error.item, error.step == "load") for error in here[0].errors} == {
        ("item_4", True),
        ("item_5", False),
    }
    assert set(on_ray[0].empty) == set(here[0].empty) == {"item_2"}


def test_another_copy_of_the_package_is_refused(job: ExtractionJob, ray_cluster: LocalCluster) -> None:
    """A worker whose package is not the planned one runs nothing, and the caller learns it as `Conflict`."""
    other = replace(job, recipe=replace(job.recipe, code_fp="planned"))
    with pytest.raises(Conflict, match="not the one that was planned with"):
        list(RayRunner(ray_cluster.address, ray_cluster.environment).run(other, items_of(job)))
