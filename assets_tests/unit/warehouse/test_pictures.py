"""What pictures of a warehouse show: its resources with the numbers of this moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.cli.main import app
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.lineage.graph import Node


def node(lab: Lab, name: str) -> Node:
    (found,) = [n for n in lab.warehouse.pictures.lineage(lab.namespace_id).nodes if n.name == name]
    return found


def test_new_stale_and_failed_items_are_told_apart(lab: Lab) -> None:
    """What was never processed is new; after an edit of the package all is stale; a poisoned item has failed."""
    lab.put("a", "one")
    lab.put("b", "two POISON")
    collection = lab.collection()
    assert (node(lab, "lines").new, node(lab, "lines").stale) == (2, 0)

    lab.run(collection)
    after = node(lab, "lines")
    assert (after.count, after.new, after.stale, after.failures) == (1, 0, 0, 1)

    lab.edit_package("processors/core.py", lambda code: code.replace("% 8", "% 7"))
    assert node(lab, "lines").stale == 2


def test_tiers_endpoints_and_edges(lab: Lab) -> None:
    """A collection of a collection is a tier further; an extractor that answers queries has its endpoint beside."""
    lines = lab.collection()
    words = lab.collection("words", source=lines.collection_id, input_mappings={"text": "text"})
    graph = lab.warehouse.pictures.lineage(lab.namespace_id, staleness=False)

    tiers = {n.name: n.tier for n in graph.nodes if n.kind == "collection"}
    (endpoint,) = [n for n in graph.nodes if n.kind == "endpoint"]
    assert tiers == {"lines": 0, "words": 1}
    assert (lab.bucket.bucket_id, lines.collection_id) in graph.edges
    assert (words.collection_id, endpoint.node_id) in graph.edges
    assert endpoint.state == "not deployed"
    assert all(n.stale is None for n in graph.nodes)


def test_a_broken_package_is_shown_and_hides_nothing(lab: Lab) -> None:
    """A collection whose package does not load is drawn with the code of its error."""
    lab.collection()
    lab.edit_package("manifest.py", lambda _: "this is no Python")
    assert node(lab, "lines").problem
    assert node(lab, "texts").count == 0


def test_the_command_writes_a_picture_and_prints_a_tree(lab: Lab, tmp_path: Path) -> None:
    """`mixpeek lineage --svg FILE --text` does both; `--json` gives the numbers to programs."""
    lab.collection()
    environment = {
        "MIXPEEK_HOME": str(lab.packages.parent / "home"),
        "MIXPEEK_EXTRACTOR_PATHS": str(lab.packages),
    }
    picture = tmp_path / "lineage.svg"
    done = CliRunner().invoke(app, ["lineage", "lines", "--svg", str(picture), "--text"], env=environment)
    assert done.exit_code == 0, done.output
    assert "└─ lines  tier 0 · word_vectors v1 · 0 documents" in done.output
    assert picture.read_text().startswith("<svg")
    told = CliRunner().invoke(app, ["lineage", "--json", "--no-staleness"], env=environment)
    assert '"kind": "bucket"' in told.stdout


def test_a_collection_that_is_not_there(lab: Lab) -> None:
    """Asking for the lineage around what does not exist says so."""
    with pytest.raises(NotFound):
        lab.warehouse.pictures.lineage(lab.namespace_id, around="gone")
