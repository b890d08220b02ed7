"""The platform in Ray workers: opened there from its reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_tests.unit.platform.asking_package import push_weights, write_asking
from assets_tests.unit.platform.llm_server import Reply, llm_server
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.ports.extraction import ExtractionJob, InputRow, SourceItem
from mixpeek_orchestration.engine.ray_data import RayRunner
from mixpeek_orchestration.engine.ray_local import LocalCluster
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.stores.objects import open_objects

pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]


def test_workers_open_the_platform_themselves(ray_cluster: LocalCluster, tmp_path: Path) -> None:
    """Answers, secret and weights reach an actor that got nothing but the recipe; the row that gives the secret away
    fails alone."""
    with llm_server() as server:
        server.says(*[Reply(data={"labels": ["x"]})] * 2)
        settings = Settings(
            home=tmp_path / "home",
            extractor_paths=str(write_asking(tmp_path / "packages")),
            llm_base_urls={"openai": f"{server.url}/v1"},
        )
        prepare_home(settings)
        warehouse = open_warehouse(settings, local=True)
        namespace_id = warehouse.ensure_namespace("default")
        warehouse.secrets.set("EXTERNAL_TOKEN", "hunter2-hunter2")
        warehouse.secrets.set("OPENAI_API_KEY", "sk-openai")
        push_weights(warehouse, namespace_id, "1.0.0", 2.0)
        described = warehouse.registry.describe("asking", "1.0.0", namespace_id=namespace_id)
        job = ExtractionJob(described.recipe, described, "col_1", {"url": settings.objects}, open_objects)
        texts = {"one": "item_1", "leaky": "item_2"}
        items = [
            SourceItem(item, item, (InputRow(item, "body", "text", "text/plain", len(text), text=text),))
            for text, item in texts.items()
        ]
        results = list(RayRunner(ray_cluster.address, ray_cluster.environment).run(job, items))
        warehouse.close()
    rows = [row for result in results for row in result.rows.to_pylist()]
    assert [(row["_source_item"], row["labels"], row["scaled"]) for row in rows] == [("item_1", ["x"], 6.0)]
    errors = [error for result in results for error in result.errors]
    assert [(error.item, error.error_class) for error in errors] == [("item_2", "InvalidOutput")]
    assert "hunter2" not in str(errors)
