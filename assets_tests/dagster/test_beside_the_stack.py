"""A project in the stack's own Dagster instance: one picture, in which every asset is run by one location."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from assets_tests.dagster.services import Services, until
from assets_tests.dagster.site import Site
from mixpeek_orchestration.warehouse.snapshots.reload import LOCATION
from mixpeek_orchestration.warehouse.snapshots.snapshot import snapshot_text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PROJECT = """
from pathlib import Path

import dagster as dg

from mixpeek_orchestration.defs.component import MixpeekResources


@dg.asset(deps=[dg.AssetKey(["testing", "collections", "words"])])
def report() -> None:
    pass


state = Path(__file__).with_name("state")
defs = dg.Definitions.merge(
    MixpeekResources(external=True).build_defs_from_state(None, state), dg.Definitions(assets=[report])
)
"""
WORDS = ("testing", "collections", "words")
QUERY = """
query Picture($words: AssetKeyInput!) {
  assetNodes {
    assetKey { path } isMaterializable repository { location { name } } dependedByKeys { path }
  }
  assetNodeDefinitionCollisions(assetKeys: [$words]) { assetKey { path } }
}
"""


def test_every_asset_is_shown_once_and_run_by_the_stack(
    services: Services, site: Site, tmp_path: Path
) -> None:
    """The webserver has one node a key, told by the stack's location; what the project derives hangs on it."""
    site.collection("words", site.bucket("texts"))
    (tmp_path / "state").write_text(snapshot_text(site.snapshot))
    (tmp_path / "somebodys.py").write_text(PROJECT)
    add_location(services.folder / "workspace.yaml", tmp_path / "somebodys.py")
    services.start("code_server", "webserver")
    until(lambda: loaded(services) is not None, "the webserver answers")
    assert loaded(services) == {"RepositoryLocation"}

    answer = ask(services, QUERY, words={"path": list(WORDS)})
    shown = [tuple(node["assetKey"]["path"]) for node in answer["assetNodes"]]
    assert sorted(shown) == sorted(set(shown))
    of_key = {tuple(node["assetKey"]["path"]): node for node in answer["assetNodes"]}
    assert {key: node["repository"]["location"]["name"] for key, node in of_key.items()} == {
        **dict.fromkeys(of_key, LOCATION),
        ("report",): "somebodys",
    }
    assert of_key[WORDS]["isMaterializable"]
    assert {"path": ["report"]} in of_key[WORDS]["dependedByKeys"]
    assert answer["assetNodeDefinitionCollisions"] == []


def add_location(workspace: Path, file: Path) -> None:
    known = yaml.safe_load(workspace.read_text())
    known["load_from"].append({"python_file": {"relative_path": str(file), "location_name": "somebodys"}})
    workspace.write_text(yaml.safe_dump(known))


def loaded(services: Services) -> set[str] | None:
    """What has become of the locations, once the webserver answers."""
    entries = (
        "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"
    )
    answer = ask(services, entries)
    if answer is None:
        return None
    return {
        entry["locationOrLoadError"]["__typename"] for entry in answer["workspaceOrError"]["locationEntries"]
    }


def ask(services: Services, query: str, **variables: Any) -> Any:
    try:
        answer = httpx.post(
            f"{services.webserver}/graphql", json={"query": query, "variables": variables}, timeout=60
        )
    except httpx.HTTPError:
        return None
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]
