"""The contract of `TableRepair`: in memory, in a folder, and in a store that is asked by reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_tests.contracts.documents_rows import STAMP, TABLE, document_rows
from mixpeek_orchestration.core.ports.documents import DocumentStore, Stamp
from mixpeek_orchestration.stores.documents import open_documents
from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore

REPAIR = Stamp("", "code_1", "repair")


@pytest.fixture(params=["memory", "folder", "url"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    """A store with a table of two commits: item a with two documents, then item b with one."""
    if request.param == "memory":
        opened: DocumentStore = MemoryDocumentStore()
    else:
        scheme = "file://" if request.param == "url" else ""
        opened = open_documents(f"{scheme}{tmp_path}/tables")
    opened.commit(TABLE, document_rows({"a": 2}), items=["a"], stamp=STAMP)
    opened.commit(TABLE, document_rows({"b": 1}), items=["b"], stamp=STAMP)
    return opened


def test_what_we_did_is_seen_as_ours(store: DocumentStore) -> None:
    """Every version is a commit of ours with an id of its own, rows are counted, and nothing is broken."""
    seen = store.repair.observe(TABLE)
    assert (seen.version, seen.rows, seen.broken) == (store.version(TABLE), 3, ())
    assert all(commit.is_ours for commit in seen.commits)
    assert len({commit.commit_id for commit in seen.commits}) == len(seen.commits) == 2
    since = store.repair.observe(TABLE, since=seen.version)
    assert [commit.version for commit in since.commits] == [seen.version]
    assert not store.repair.observe("gen_unknown").exists


def test_an_old_version_is_restored_in_a_commit_of_ours(store: DocumentStore) -> None:
    """Its rows are back under a newer version, which carries the stamp of the repair."""
    store.repair.restore(TABLE, 1, stamp=REPAIR)
    assert store.version(TABLE) == 3
    assert set(store.read(TABLE)["_source_item"].to_pylist()) == {"a"}
    assert store.stamp(TABLE) == REPAIR
    assert store.repair.observe(TABLE).commits[-1].is_ours


def test_fragments_without_a_file_are_seen_and_left_out(store: DocumentStore, tmp_path: Path) -> None:
    """Only the fragment whose file is gone is broken; without it the rest can be read again."""
    data = tmp_path / "tables" / f"{TABLE}.lance" / "data"
    if not data.exists():
        assert store.repair.observe(TABLE).broken == ()
        return
    min(data.iterdir(), key=lambda file: file.stat().st_mtime_ns).unlink()
    (broken,) = store.repair.observe(TABLE).broken
    store.repair.prune(TABLE, [broken], stamp=REPAIR)
    assert set(store.read(TABLE)["_source_item"].to_pylist()) == {"b"}
    assert store.stamp(TABLE) == REPAIR
    store.commit(TABLE, document_rows({"a": 2}), items=["a"], stamp=STAMP)
    assert store.count(TABLE) == 3
