"""What goes wrong around a run, for real: whatever it was, the documents end up as after a run that nothing disturbed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import lance
import pytest

from assets_tests.e2e.running_stack import wait_until
from benchmarks.crash import bound, engine, home_settings, prepared, rows_of
from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.warehouse.specs import BatchSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OBJECTS = 600


@dataclass
class Home:
    """A home with texts and a collection over them whose extractor writes down its work."""

    path: Path
    collection_id: str
    log: Path

    def extractions(self) -> Counter[str]:
        return Counter(self.log.read_text().split())

    def open(self) -> Warehouse:
        return open_warehouse(home_settings(self.path), local=True)

    def run(self) -> subprocess.Popen[bytes]:
        return engine(self.path, self.collection_id)

    def wait_for_extractions(self, count: int) -> None:
        wait_until(lambda: self.extractions().total() >= count, f"{count} extractions")

    def rows(self) -> list[tuple[object, ...]]:
        with closing(self.open()) as warehouse:
            return rows_of(warehouse, self.collection_id)


def made(folder: Path) -> Home:
    """A home below an empty folder, equal to every other one."""
    folder.mkdir()
    log = folder / "extractions.log"
    log.touch()
    return Home(folder / "home", prepared(folder / "home", objects=OBJECTS, log=log), log)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which nothing has run."""
    return made(tmp_path / "disturbed")


@pytest.fixture(scope="module")
def clean_rows(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """The documents after a run that nothing disturbed."""
    clean = made(tmp_path_factory.mktemp("clean") / "clean")
    assert clean.run().wait() == 0
    rows = clean.rows()
    assert len(rows) == OBJECTS
    return rows


def test_the_disk_is_full_during_a_commit(
    home: Home, clean_rows: list[tuple[object, ...]], tmp_path: Path
) -> None:
    """The run says that the disk is full, and which table; what was committed stays; with room again the rest comes."""
    result = tmp_path / "result.json"
    own_mounts = ["unshare", "--user", "--map-root-user", "--mount"]
    allowed = subprocess.run([*own_mounts, "true"], capture_output=True, check=False)
    if allowed.returncode:
        pytest.skip(f"mounting a small disk is not allowed here: {allowed.stderr.decode().strip()}")
    told = [str(home.path), home.collection_id, str(tmp_path / "small-disk"), str(result)]
    subprocess.run(
        [*own_mounts, sys.executable, "-m", "assets_tests.e2e.full_disk", *told],
        env={**os.environ, "MIXPEEK_DOCUMENTS_URL": str(tmp_path / "small-disk")},
        cwd=Path(__file__).parents[2],
        check=True,
    )
    happened = json.loads(result.read_text())
    assert "is full" in happened["message"]
    assert happened["fix"] == "Free some space, then run again."
    assert happened["retryable"] is True
    assert happened["rows"] < OBJECTS
    assert happened["unchanged"] == happened["rows"]
    assert happened["written"] == OBJECTS - happened["rows"]
    contents = sorted((text, place, fp, tuple(vector)) for text, place, fp, vector in happened["contents"])
    assert contents == clean_rows
    assert home.extractions().total() - OBJECTS <= bound()


def test_the_catalog_is_locked_for_twenty_seconds(home: Home, clean_rows: list[tuple[object, ...]]) -> None:
    """Somebody holds the catalog's write lock in the middle of a run: the run waits and ends as if nothing had been."""
    process = home.run()
    home.wait_for_extractions(OBJECTS // 4)
    with closing(sqlite3.connect(home.path / "catalog.db", timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        other.execute("ROLLBACK")
    assert process.wait() == 0
    assert home.rows() == clean_rows
    assert set(home.extractions().values()) == {1}


def test_somebody_compacts_the_table_all_the_time(home: Home, clean_rows: list[tuple[object, ...]]) -> None:
    """Commits that meet a stranger's are made again or end the run with nothing half done; a run after that completes."""
    table = _table_of(home)
    stopped = threading.Event()
    compactor = threading.Thread(target=_compact_until, args=(table, stopped))
    compactor.start()
    try:
        attempts = [home.run().wait() for _ in range(3)]
    finally:
        stopped.set()
        compactor.join()
    final = home.run().wait()
    assert 0 in (*attempts, final)
    assert home.rows() == clean_rows
    assert home.extractions().total() - OBJECTS <= 3 * bound()


def _table_of(home: Home) -> Path:
    with closing(home.open()) as warehouse:
        collection = warehouse.collections.by_id(home.collection_id)
        return home.path / "documents" / f"{warehouse.collections.generation(collection).table}.lance"


def _compact_until(table: Path, stopped: threading.Event) -> None:
    while not stopped.wait(0.05):
        if table.exists():
            try:
                lance.dataset(str(table)).optimize.compact_files(target_rows_per_fragment=OBJECTS)
            except (OSError, ValueError, RuntimeError):  # it loses against a commit: that is the point
                continue


def test_two_runs_of_the_same_batch_at_once(home: Home, clean_rows: list[tuple[object, ...]]) -> None:
    """One waits for the other and finds everything done: every text is extracted once."""
    first = home.run()
    home.wait_for_extractions(1)
    second = home.run()
    assert (first.wait(), second.wait()) == (0, 0)
    assert home.rows() == clean_rows
    assert set(home.extractions().values()) == {1}


def test_a_backfill_while_a_batch_is_submitted_while_an_object_is_deleted(
    home: Home, clean_rows: list[tuple[object, ...]]
) -> None:
    """Three that meet: the documents of the deleted object are gone, all others are there, once."""
    backfill = home.run()
    home.wait_for_extractions(OBJECTS // 4)
    with closing(home.open()) as warehouse:
        bucket = warehouse.buckets.get(warehouse.namespace_id("default"), "texts")
        ids = warehouse.objects.ids(bucket)
        batch = warehouse.batches.create(bucket, BatchSpec(object_ids=ids[-50:], auto_submit=True))
        removal = warehouse.objects.delete(bucket, ids[-1])
        assert removal is not None
        runs = [
            threading.Thread(
                target=warehouse.materialize,
                args=(home.collection_id, [b.batch_id]),
                kwargs={"run_id": b.batch_id},
            )
            for b in (batch, removal)
        ]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert backfill.wait() == 0
        ended = {b: warehouse.batches.get(bucket, b).status for b in (batch.batch_id, removal.batch_id)}
        gone = f"text {OBJECTS - 1}"
    assert set(ended.values()) == {"COMPLETED"}, ended
    rows = home.rows()
    assert [row for row in clean_rows if not str(row[0]).startswith(gone)] == rows
    assert max(home.extractions().values()) <= 2
