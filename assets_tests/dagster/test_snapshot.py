"""The snapshot file: what it holds, when it changes, and what a damaged entry costs."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.errors import Broken, InvalidPackage, NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.warehouse.snapshots import files as snapshot_files
from mixpeek_orchestration.warehouse.snapshots.files import CURRENT, read_snapshot, write_snapshot
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot, SnapshotBucket
from mixpeek_orchestration.warehouse.snapshots.taking import publish, take_snapshot


def test_what_is_published_is_read_back(site: Site) -> None:
    """The file holds buckets, collections, endpoints and connected components as the catalog has them."""
    bucket, lonely = site.bucket("texts"), site.bucket("lonely")
    lines = site.collection("lines", bucket)
    words = site.collection("words", lines)

    published = site.warehouse.publish()

    assert read_snapshot(site.settings.snapshots) == published
    assert read_snapshot(site.settings.snapshots, published.content_hash) == published
    assert [c.source_ids for c in published.collections] == [(bucket.bucket_id,), (lines.collection_id,)]
    assert [(e.extractor_name, e.extractor_version, e.collection_ids) for e in published.endpoints] == [
        ("word_vectors", "v1", (lines.collection_id, words.collection_id))
    ]
    first, second = published.components
    assert (first.name, first.collection_ids) == (
        bucket.bucket_id,
        (lines.collection_id, words.collection_id),
    )
    assert (second.name, second.collection_ids) == (lonely.bucket_id, ())


def test_state_makes_no_new_snapshot(site: Site) -> None:
    """Objects, batches and runs leave the hash as it is; a new resource changes it."""
    bucket = site.bucket("texts")
    site.collection("words", bucket)
    before = site.snapshot
    site.submitted(bucket, "one")
    assert site.snapshot.content_hash == before.content_hash
    site.bucket("more")
    assert site.snapshot.content_hash != before.content_hash


def test_publishers_take_turns(site: Site) -> None:
    """Publishing from several threads while resources appear ends with the newest revision on file."""

    def publish_and_add(number: int) -> None:
        site.bucket(f"bucket {number}")
        site.warehouse.publish()

    threads = [threading.Thread(target=publish_and_add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    current = read_snapshot(site.settings.snapshots)
    assert current.revision == site.warehouse.catalog.resources.revision()
    assert len(current.buckets) == 4


def test_a_broken_package_keeps_its_endpoint_in_the_lineage(site: Site) -> None:
    """An extractor that cannot be described does not keep the snapshot from being taken."""
    site.collection("words", site.bucket("texts"))

    def broken(namespace_id: str, name: str, version: str) -> tuple[str, str] | None:
        raise InvalidPackage(f"{name} {version} of {namespace_id} does not load.")

    assert len(take_snapshot(site.warehouse.catalog, broken).endpoints) == 1
    assert (
        publish(site.warehouse.catalog, site.settings.snapshots, endpoint_of=lambda *_: None).endpoints == ()
    )


def test_a_damaged_entry_costs_only_itself(tmp_path: Path) -> None:
    """An entry without what its kind needs is named as unreadable, and the others are read."""
    write_snapshot(Snapshot("hash", 1, (SnapshotBucket("bkt_1", "ns_1", "default", "texts"),)), tmp_path)
    path = tmp_path / CURRENT
    data = json.loads(path.read_text())
    data["buckets"] += [{"bucket_id": "bkt_2", "name": 3}, "nonsense"]
    path.write_text(json.dumps(data))

    read = read_snapshot(tmp_path)

    assert [bucket.bucket_id for bucket in read.buckets] == ["bkt_1"]
    assert read.unreadable[0].identifier == "bkt_2"
    assert "namespace_id" in read.unreadable[0].reason
    assert len(read.unreadable) == 2


def test_a_file_that_is_no_snapshot_says_what_to_do(tmp_path: Path) -> None:
    """No file is an empty snapshot, a missing hash and a file that is not JSON are errors with a way out."""
    assert read_snapshot(tmp_path) == Snapshot()
    with pytest.raises(NotFound, match="launch the run again"):
        read_snapshot(tmp_path, "missing")
    (tmp_path / CURRENT).write_text("{")
    with pytest.raises(Broken, match="mixpeek apply"):
        read_snapshot(tmp_path)


def test_old_files_are_forgotten_but_not_recent_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the files that are older than any run, only the newest are kept; recent ones all are."""
    monkeypatch.setattr(snapshot_files, "KEPT_FILES", 1)
    for number in range(3):
        write_snapshot(Snapshot(f"old{number}", number), tmp_path)
        os.utime(tmp_path / f"old{number}.json", (number, number))
    write_snapshot(Snapshot("recent", 8), tmp_path)
    write_snapshot(Snapshot("now", 9), tmp_path)

    assert {path.name for path in tmp_path.glob("*.json")} == {"current.json", "recent.json", "now.json"}


def test_a_package_is_read_once_a_snapshot(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many collections share an extractor and its parameters: reading it looks through folders."""
    read: list[object] = []
    whole = PackageRegistry.describe

    def counted(registry: PackageRegistry, *choice: Any, **where: Any) -> ExtractorDescription:
        read.append(choice)
        return whole(registry, *choice, **where)

    bucket = site.bucket("texts")
    for number in range(5):
        site.collection(f"words-{number}", bucket)
    monkeypatch.setattr(PackageRegistry, "describe", counted)
    published = site.warehouse.publish()
    assert len(published.collections) == 5
    assert all(collection.makes for collection in published.collections)
    assert len(read) == 2  # with the collections' parameters, and with none for the endpoint
