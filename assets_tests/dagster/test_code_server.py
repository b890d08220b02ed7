"""The code server builds its definitions anew where it is: the same process shows what was published since."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext
from dagster._core.utils import FuturesAwareThreadPoolExecutor

from assets_tests.dagster.site import ADDRESSES, PACKAGES, Site, open_site
from mixpeek_orchestration import definitions
from mixpeek_orchestration.defs.code_server import InPlaceServer, in_place_server
from mixpeek_orchestration.defs.location import build_definitions, build_lineage
from mixpeek_orchestration.defs.pinning import PINNED
from mixpeek_orchestration.warehouse.snapshots.files import CURRENT
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot

NOTHING: Any = None  # a request of no content, and a connection that is not looked at


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A home that the settings of this process name, with nothing published."""
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(PACKAGES))
    site = open_site(tmp_path / "home")
    yield site
    site.warehouse.close()


@pytest.fixture
def server(home: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[InPlaceServer]:
    """What answers webserver and daemon, without its socket. It leaves no definitions to other tests of this process."""
    assert home.settings.snapshots
    monkeypatch.setattr(DefinitionsLoadContext, "_instance", DefinitionsLoadContext._instance)
    ended, executor = threading.Event(), FuturesAwareThreadPoolExecutor(max_workers=2)
    served = in_place_server(executor, ended)
    yield served
    ended.set()
    served.cleanup()
    executor.shutdown()


def shown(server: InPlaceServer) -> dg.RepositoryDefinition:
    loaded = server._loaded_repositories
    assert loaded is not None
    (repository,) = loaded.definitions_by_name.values()
    return repository


def keys(server: InPlaceServer) -> set[str]:
    return {key.to_user_string() for key in shown(server).asset_graph.get_all_asset_keys()}


def test_a_reload_shows_what_was_published_since(home: Site, server: InPlaceServer) -> None:
    """Definitions and the pin of runs to come are the new snapshot's, and the server has a new id by which others see it."""
    assert keys(server) == set()
    before = server._server_id
    home.collection("words", home.bucket("texts"))
    published = home.snapshot.content_hash
    server.ReloadCode(NOTHING, NOTHING)
    assert {"testing/buckets/texts", "testing/collections/words"} <= keys(server)
    assert server._server_id != before
    pinned = shown(server).repository_load_data
    assert pinned is not None
    assert pinned.reconstruction_metadata[PINNED].data == published


def test_definitions_are_built_once_a_reload(
    home: Site, server: InPlaceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster asks for them twice, and is given the same."""
    built: list[str] = []

    def counted(snapshot: Snapshot, **where: Any) -> dg.Definitions:
        built.append(snapshot.content_hash)
        return build_definitions(snapshot, **where)

    monkeypatch.setattr(definitions, "build_definitions", counted)
    home.bucket("texts")
    published = home.snapshot.content_hash
    server.ReloadCode(NOTHING, NOTHING)
    assert built == [published]


def test_what_did_not_change_is_not_built_again(home: Site) -> None:
    """A reload makes the assets of what is new or differs, and takes over the others."""
    bucket = home.bucket("texts")
    words = home.collection("words", bucket)
    before = build_lineage(home.snapshot, ADDRESSES)
    more = home.collection("more", bucket)
    after = build_lineage(home.snapshot, ADDRESSES)
    assert after.assets[words.collection_id] is before.assets[words.collection_id]
    assert more.collection_id in after.assets
    edited = tuple(replace(one, description="described") for one in home.snapshot.collections)
    described = build_lineage(replace(home.snapshot, collections=edited), ADDRESSES)
    assert described.assets[words.collection_id] is not before.assets[words.collection_id]


def test_what_was_deleted_is_gone_after_a_reload(home: Site, server: InPlaceServer) -> None:
    """Nothing of an older snapshot stays behind in the process."""
    bucket = home.bucket("texts")
    assert home.snapshot.buckets
    server.ReloadCode(NOTHING, NOTHING)
    assert keys(server) == {"testing/buckets/texts"}
    home.warehouse.buckets.delete(home.namespace_id, bucket.bucket_id)
    assert not home.snapshot.buckets
    server.ReloadCode(NOTHING, NOTHING)
    assert keys(server) == set()


def test_definitions_that_cannot_be_built_are_told_and_mended_by_the_next_reload(
    home: Site, server: InPlaceServer
) -> None:
    """The server lives on, answers with the reason, and serves again when the file can be read."""
    current = home.settings.snapshots / CURRENT
    home.bucket("texts")
    assert home.snapshot.buckets
    good = current.read_text()
    current.write_text("no snapshot")
    server.ReloadCode(NOTHING, NOTHING)
    told = server.ListRepositories(NOTHING, NOTHING).serialized_list_repositories_response_or_error
    assert "is not a snapshot" in told
    current.write_text(good)
    server.ReloadCode(NOTHING, NOTHING)
    told = server.ListRepositories(NOTHING, NOTHING).serialized_list_repositories_response_or_error
    assert "ListRepositoriesResponse" in told
    assert keys(server) == {"testing/buckets/texts"}
