"""What the Lance store promises beyond the contract: other processes, concurrent writers, crashes, full disks."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import lance
import lancedb
import numpy as np
import pyarrow as pa
import pytest

from assets_tests.contracts.documents_rows import STAMP, TABLE, document_rows, vector_index
from assets_tests.contracts.documents_writers import ITEMS, rows_at, started, wait_until, write_commits
from mixpeek_orchestration.core.document import DOCUMENT_ID, SOURCE_ITEM
from mixpeek_orchestration.core.errors import Broken, NotReady
from mixpeek_orchestration.core.ports.documents import DocumentStore, Stamp
from mixpeek_orchestration.stores.documents import lance_commit, open_documents
from mixpeek_orchestration.stores.documents.access import storage_options
from mixpeek_orchestration.stores.documents.lance_errors import translated
from mixpeek_orchestration.stores.documents.lance_store import LanceDocumentStore
from mixpeek_orchestration.stores.documents.rows import checked


@pytest.fixture
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if getattr(request, "param", "folder") == "folder":
        return str(tmp_path / "tables")
    request.getfixturevalue("s3_environment")
    return f"s3://warehouse/{tmp_path.name}/tables"


everywhere = pytest.mark.parametrize("uri", ["folder", "s3"], indirect=True)
"""For what depends on how the store keeps two writers apart: renames in a folder, conditional puts on S3."""


def opened(uri: str) -> lance.LanceDataset:
    """The table, on a handle of its own."""
    return lance.dataset(f"{uri}/{TABLE}.lance", storage_options=storage_options(uri, os.environ))


@pytest.fixture
def store(uri: str) -> DocumentStore:
    return open_documents(uri)


def assert_whole(rows: pa.Table) -> int:
    """All items are there with all rows of one and the same commit, whose number comes back."""
    commits = set(rows["text"].to_pylist())
    assert len(commits) == 1, commits
    number = int(commits.pop())
    assert Counter(rows[SOURCE_ITEM].to_pylist()) == dict.fromkeys(ITEMS, rows_at(number))
    assert len(set(rows[DOCUMENT_ID].to_pylist())) == rows.num_rows
    return number


def persist(store: DocumentStore, rows: pa.Table, stamp: Stamp = STAMP) -> None:
    """Commit, again when another writer was first."""

    def committed() -> bool:
        try:
            store.commit(TABLE, rows, items=rows[SOURCE_ITEM].unique().to_pylist(), stamp=stamp)
        except NotReady:
            return False
        return True

    wait_until(committed)


class TestOtherProcesses:
    def test_a_reader_sees_old_or_new_and_never_half(self, uri: str, store: DocumentStore) -> None:
        """While another process makes 50 commits, every read has all rows of exactly one of them, in their order."""
        seen: list[int] = []
        with started(write_commits, uri, 50):
            wait_until(lambda: store.version(TABLE) > 0)
            while store.version(TABLE) < 50:
                seen.append(assert_whole(store.read(TABLE, columns=[DOCUMENT_ID, SOURCE_ITEM, "text"])))
        assert seen == sorted(seen)
        assert len(set(seen)) > 1
        assert store.stamp(TABLE) == Stamp("bat_49", "code")

    def test_a_pinned_version_does_not_move(self, uri: str, store: DocumentStore) -> None:
        """An answer that is pinned to a version reads it while another process goes on committing."""
        write_commits(uri, 1)
        with started(write_commits, uri, 5, 1):
            wait_until(lambda: store.version(TABLE) == 6)
        assert assert_whole(store.read(TABLE, version=1)) == 0
        assert assert_whole(store.read(TABLE)) == 5

    def test_a_dropped_table_is_gone_elsewhere_too(self, uri: str, store: DocumentStore) -> None:
        """A handle that another store opened before the drop reads a missing table, not an error."""
        write_commits(uri, 1)
        assert store.count(TABLE) > 0
        open_documents(uri).drop(TABLE)
        assert store.version(TABLE) == 0
        assert store.read(TABLE).num_rows == 0


class TestThreads:
    def test_upkeep_and_inspection_disturb_no_reader(self, uri: str, store: LanceDocumentStore) -> None:
        """What Lance does not allow beside other calls on one handle (reading transactions, compacting, indexing) happens on
        a handle of its own: threads that read all the time see no error, and their handle does not move."""
        write_commits(uri, 8)
        errors: list[BaseException] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                try:
                    assert store.version(TABLE) >= 8
                    assert_whole(store.read(TABLE, columns=[DOCUMENT_ID, SOURCE_ITEM, "text"]))
                except BaseException as error:  # noqa: BLE001 - a panic of the native library is none of the others
                    errors.append(error)
                    return

        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            for _ in range(30):
                assert store.stamp(TABLE) == Stamp("bat_7", "code")
                store.repair.observe(TABLE)
            store.upkeep.compact(TABLE)
            store.upkeep.clean(TABLE, keep_versions=100, older_than_s=0)
        finally:
            done.set()
            for reader in readers:
                reader.join()
            sys.setswitchinterval(before)
        assert errors == []


@everywhere
class TestConcurrentWriters:
    def test_of_two_that_create_a_table_one_is_told(self, uri: str) -> None:
        """The later one does not replace what the earlier one wrote: it has to plan again."""
        begin = threading.Barrier(2)
        told: list[str] = []

        def write(name: str) -> None:
            own, rows = open_documents(f"{uri}"), document_rows({name: 2})
            begin.wait()
            try:
                own.commit(f"race{number}", rows, items=[name], stamp=STAMP)
            except NotReady:
                told.append(name)

        for number in range(20):
            writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            kept = set(open_documents(uri).read(f"race{number}")[SOURCE_ITEM].to_pylist())
            assert kept == {"a", "b"} - set(told)
            told.clear()

    def test_different_items_all_survive_once(self, uri: str) -> None:
        """Two writers with handles of their own, ten items each: all twenty are there, no row twice."""

        def write(name: str) -> None:
            own = open_documents(uri)
            for number in range(10):
                persist(own, document_rows({f"{name}{number}": 2}))

        writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        found = Counter(open_documents(uri).read(TABLE)[SOURCE_ITEM].to_pylist())
        assert found == {f"{name}{number}": 2 for name in "ab" for number in range(10)}

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"new": 1}, {"new": 1}),
            ({"new": 1}, {"other": 1}),
            ({"a": 1}, {"new": 1}),
            ({"new": 1}, {"a": 1}),
            ({"a": 1}, {"b": 1}),
        ],
    )
    def test_the_later_of_two_writes_nothing(
        self, uri: str, store: DocumentStore, first: dict[str, int], second: dict[str, int]
    ) -> None:
        """Two commits on one version always conflict, also when both only insert; the loser is told to retry."""
        persist(store, document_rows({"a": 2, "b": 2}))
        stale = opened(uri)
        persist(store, document_rows(first, text="first"))
        after = store.read(TABLE)
        with pytest.raises(NotReady, match="Another process changed") as caught, translated(TABLE):
            lance_commit.replace_items(stale, checked(document_rows(second), [*second]), [*second], STAMP)
        assert caught.value.retryable
        assert store.read(TABLE).equals(after)

    def test_a_table_without_rows_is_as_strict(self, uri: str, store: DocumentStore) -> None:
        """Two writers that fill the same emptied table do not both succeed."""
        persist(store, document_rows({"a": 1}))
        store.commit(TABLE, pa.table({}), items=["a"], stamp=STAMP)
        stale = opened(uri)
        persist(store, document_rows({"a": 1}, text="first"))
        with pytest.raises(NotReady), translated(TABLE):
            lance_commit.replace_items(stale, checked(document_rows({"a": 1}), ["a"]), ["a"], STAMP)
        assert store.read(TABLE)["text"].to_pylist() == ["first"]

    def test_a_table_is_created_once(self, uri: str, store: DocumentStore) -> None:
        """The second of two creations is told to retry, and nothing of the first is lost."""
        persist(store, document_rows({"a": 1}))
        rows = checked(document_rows({"b": 1}), ["b"])
        with pytest.raises(NotReady), translated(TABLE):
            lance_commit.create(f"{uri}/{TABLE}.lance", rows, STAMP, storage_options(uri, os.environ))
        assert store.state(TABLE)["item"].to_list() == ["a"]


class TestCrashes:
    @pytest.mark.slow
    def test_a_killed_writer_leaves_a_whole_table(self, uri: str, store: DocumentStore) -> None:
        """After `kill -9` at 12 random moments, the first at creation, the table is whole and takes the next commit."""
        chance = random.Random(11)
        for _ in range(12):
            before = store.version(TABLE)
            with started(write_commits, uri, 1_000, before) as writer:
                wait_until(lambda before=before: store.version(TABLE) >= before + 1)
                target = store.version(TABLE) + chance.randint(0, 6)
                wait_until(lambda target=target: store.version(TABLE) >= target)
                threading.Event().wait(chance.random() * 0.02)
                os.kill(writer.pid, signal.SIGKILL)
                writer.join()
            newest = assert_whole(store.read(TABLE, columns=[DOCUMENT_ID, SOURCE_ITEM, "text"]))
            assert newest == store.version(TABLE) - 1
            assert store.stamp(TABLE) == Stamp(f"bat_{newest}", "code")

    def test_leftovers_of_a_creation_are_no_table(self, uri: str, store: DocumentStore) -> None:
        """Data files without a manifest, as a killed creation leaves them, read as no table, stop nothing, and are dropped."""
        write_commits(uri, 1)
        for manifest in Path(uri, f"{TABLE}.lance", "_versions").iterdir():
            manifest.unlink()
        fresh = open_documents(uri)
        assert fresh.version(TABLE) == 0
        persist(fresh, document_rows({"a": 1}))
        assert fresh.count(TABLE) == 1
        for manifest in Path(uri, f"{TABLE}.lance", "_versions").iterdir():
            manifest.unlink()
        fresh.drop(TABLE)
        assert list(Path(uri).iterdir()) == []

    def test_a_missing_file_is_told(self, uri: str, store: DocumentStore) -> None:
        """A table whose data file vanished is `Broken`, never an empty answer."""
        write_commits(uri, 1)
        for data in Path(uri, f"{TABLE}.lance", "data").iterdir():
            data.unlink()
        with pytest.raises(Broken, match="missing"):
            store.read(TABLE)


class TestFullDisk:
    @pytest.fixture
    def small(self, tmp_path: Path) -> Iterator[Path]:
        """A folder on a file system of one megabyte."""
        folder = tmp_path / "small"
        folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip(
                f"mounting a small file system is not allowed here: {mounted.stderr.decode().strip()}"
            )
        yield folder
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

    def test_shows_nothing_of_the_commit(self, small: Path) -> None:
        """When the disk is full the commit says so, asks to retry, and the table is as it was, for new handles too."""
        store = open_documents(str(small))
        committed: list[int] = []

        def fill() -> None:
            for number in range(100):
                items = {f"{number}-{item}": 1 for item in range(500)}
                committed.append(
                    store.commit(TABLE, document_rows(items), items=[*items], stamp=STAMP).version
                )

        with pytest.raises(NotReady, match="disk of table gen_contract is full"):
            fill()
        for reader in (store, open_documents(str(small))):
            assert reader.version(TABLE) == committed[-1]
            assert reader.count(TABLE) == 500 * len(committed)

    def test_is_known_by_number_and_by_text(self) -> None:
        """Full disks and quotas are told apart from other storage errors, however Lance words them."""
        full = [OSError(errno.ENOSPC, "x"), OSError("LanceError(IO): No space left on device (os error 28)")]
        for error in full:
            with pytest.raises(NotReady, match="is full") as caught, translated(TABLE):
                raise error
            assert caught.value.__cause__ is error
        with pytest.raises(NotReady, match="did not answer"), translated(TABLE):
            raise OSError("LanceError(IO): connection reset")


def test_lancedb_opens_the_same_tables(uri: str, store: DocumentStore) -> None:
    """The tables lie where LanceDB looks for them, so that its tools and later indexes work on them."""
    persist(store, document_rows({"a": 2}))
    table = lancedb.connect(uri).open_table(TABLE)
    assert table.count_rows() == 2
    hits = table.search([1.0] * 4, vector_column_name="vec").metric("cosine").limit(2).to_arrow()
    assert hits.num_rows == 2


def test_a_strangers_commit_has_no_stamp(uri: str, store: DocumentStore) -> None:
    """A version that something else made is told from ours by its missing stamp, and is read all the same."""
    persist(store, document_rows({"a": 2}))
    lancedb.connect(uri).open_table(TABLE).delete("_position = 0")
    assert store.stamp(TABLE) is None
    assert store.count(TABLE) == 1
    persist(store, document_rows({"a": 2}))
    assert store.stamp(TABLE) == STAMP


def test_a_commit_survives_compaction(uri: str, store: DocumentStore) -> None:
    """After the fragments were rewritten the next commits replace rows as before."""
    for number in range(6):
        persist(store, document_rows({f"i{number}": 2}))
    lance.dataset(f"{uri}/{TABLE}.lance").optimize.compact_files()
    persist(store, document_rows({"i0": 1, "i3": 1}, text="new"))
    assert Counter(store.read(TABLE)["text"].to_pylist()) == {"text": 8, "new": 2}


def test_a_commit_leaves_indexes_as_they_are(uri: str, store: DocumentStore) -> None:
    """Claiming a fragment takes nothing out of the indexes: after a commit only its own rows are not indexed yet."""
    matrix = np.random.default_rng(1).normal(size=(400, 4)).astype(np.float32)
    items = {f"i{number}": 1 for number in range(400)}
    persist(store, document_rows(items, vectors=matrix))
    dataset = lance.dataset(f"{uri}/{TABLE}.lance")
    dataset.create_index("vec", "IVF_FLAT", num_partitions=2, metric="cosine", name="vec_index")
    dataset.create_scalar_index(DOCUMENT_ID, "BTREE", name="id_index")
    persist(store, document_rows({"new": 2}))
    persist(store, document_rows({"i0": 1, "new": 1}, text="again"))
    newest = lance.dataset(f"{uri}/{TABLE}.lance")
    told = newest.stats.index_stats("vec_index")
    assert (told["num_indexed_rows"], told["num_unindexed_rows"]) == (399, 2)
    assert Counter(store.read(TABLE)[SOURCE_ITEM].to_pylist()) == {**items, "new": 1}
    found = store.search(TABLE, vector_index(), matrix[7].tolist(), k=1)
    assert found[SOURCE_ITEM].to_pylist() == ["i7"]
