"""The steward of indexes: recall, tails, filters, many small commits, and staying out of the way."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from assets_tests.contracts.documents_rows import STAMP, document_rows
from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import NotReady
from mixpeek_orchestration.core.index_plan import IndexPolicy, fragment_rows
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.migrations import LoggedQuery
from mixpeek_orchestration.core.ports.upkeep import IndexKind
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.stores.documents import lance_upkeep, open_documents
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.runs.generations import writer_lease
from mixpeek_orchestration.warehouse.upkeep.index_steward import IndexSteward, searches_per_day

TABLE, ROWS, DIMENSION, QUERIES, K = "vectors", 20_000, 64, 30, 10
VECTOR = VectorIndex("feature", "vec", DIMENSION)
EAGER = IndexPolicy(vector_rows=10, lineage_rows=10, small_fragments=3, keep_versions=2, keep_s=0.0)


def vectors() -> np.ndarray:
    """Half of them anywhere, half in narrow clusters."""
    random = np.random.default_rng(7)
    anywhere = random.normal(size=(ROWS // 2, DIMENSION))
    centres = random.normal(size=(100, DIMENSION)) * 2
    near = centres[random.integers(0, 100, ROWS // 2)] + random.normal(size=(ROWS // 2, DIMENSION)) * 0.2
    return np.concatenate([anywhere, near]).astype(np.float32)


@pytest.fixture(scope="module")
def matrix() -> np.ndarray:
    return vectors()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, matrix: np.ndarray) -> DocumentStore:
    opened = open_documents(str(tmp_path_factory.mktemp("documents")))
    items = [f"item_{number:05}" for number in range(ROWS)]
    group = pa.array(["rare" if number % 1000 == 0 else "common" for number in range(ROWS)])
    rows = document_rows(dict.fromkeys(items, 1), vectors=matrix, extra={"group": group})
    opened.commit(TABLE, rows, items=items, stamp=STAMP)
    return opened


def nearest(
    matrix: np.ndarray, query: np.ndarray, chosen: np.ndarray | None = None
) -> tuple[list[str], np.ndarray]:
    """The items of the nearest rows and their cosines, by brute force."""
    cosines = (matrix @ query) / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(query))
    if chosen is not None:
        cosines = np.where(chosen, cosines, -2)
    best = np.argsort(-cosines)[:K]
    return [f"item_{number:05}" for number in best], cosines[best]


def queries(matrix: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(3)
    picked = matrix[random.integers(0, ROWS, QUERIES)]
    return (picked + random.normal(size=picked.shape) * 0.3).astype(np.float32)


@pytest.mark.parametrize("kind", ["IVF_SQ", pytest.param("HNSW_SQ", marks=pytest.mark.slow)])
def test_a_search_by_index_answers_as_brute_force_does(
    store: DocumentStore, matrix: np.ndarray, kind: IndexKind
) -> None:
    """Of 20,000 vectors, random and clustered, at least 99 of 100 nearest are found, with their true cosines; a filter
    is applied before the search, so that a rare group is found whole."""
    store.upkeep.build(TABLE, "vec_idx", column="vec", kind=kind)
    hits, rare = 0, np.arange(ROWS) % 1000 == 0
    for query in queries(matrix):
        items, cosines = nearest(matrix, query)
        found = store.search(TABLE, VECTOR, query.tolist(), k=K)
        hits += len(set(items) & set(found["_source_item"].to_pylist()))
        assert found["_score"][0].as_py() == pytest.approx(cosines[0], abs=1e-5)
        of_group = store.search(TABLE, VECTOR, query.tolist(), k=K, where="`group` = 'rare'")
        assert of_group["_source_item"].to_pylist() == nearest(matrix, query, rare)[0]
    assert hits / (QUERIES * K) >= 0.99


def test_rows_without_index_are_found(tmp_path: Path, matrix: np.ndarray) -> None:
    """What was written after the index was built is found as well as the rest, before and after it is taken in."""
    documents = open_documents(str(tmp_path))
    for part in range(3):
        numbers = range(part * 1_000, (part + 1) * 1_000)
        items = [f"item_{number:05}" for number in numbers]
        rows = document_rows(dict.fromkeys(items, 1), vectors=matrix[numbers.start : numbers.stop])
        documents.commit(TABLE, rows, items=items, stamp=STAMP)
        if part == 0:
            documents.upkeep.build(TABLE, "vec_idx", column="vec", kind="IVF_SQ")
    first = documents.upkeep.facts(TABLE)
    assert first is not None
    assert [index.tail for index in first.indexes] == [2_000]
    for _ in range(2):
        for query in queries(matrix)[:10]:
            found = documents.search(TABLE, VECTOR, query.tolist(), k=K)["_source_item"].to_pylist()
            assert found == nearest(matrix[:3_000], query)[0]
        documents.upkeep.extend(TABLE, ["vec_idx"], retrain=True)


def test_many_small_commits_become_few_fragments(tmp_path: Path) -> None:
    """200 small commits are compacted into one fragment, while a reader counts and reads the whole time and sees every
    version whole; versions go, rows stay."""
    documents = open_documents(str(tmp_path))
    for number in range(200):
        rows = document_rows({f"item_{number}": 2}, vectors=np.ones((2, 4), np.float32))
        documents.commit(TABLE, rows, items=[f"item_{number}"], stamp=STAMP)
    before = documents.upkeep.facts(TABLE)
    assert before is not None
    assert (before.fragments, before.versions) == (200, 200)
    stop, counts, errors = threading.Event(), set(), []

    def read() -> None:
        reader = open_documents(str(tmp_path))
        while not stop.is_set():
            try:
                version = reader.version(TABLE)
                counts.add(
                    (reader.count(TABLE, version=version), reader.read(TABLE, version=version).num_rows)
                )
            except Exception as error:  # noqa: BLE001 - recorded, and asserted to be none
                errors.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    documents.upkeep.compact(TABLE)
    documents.upkeep.build(TABLE, "idx", column="_source_item", kind="BTREE")
    cleaned = documents.upkeep.clean(TABLE, keep_versions=10, older_than_s=0.0)
    stop.set()
    reading.join()
    after = documents.upkeep.facts(TABLE)
    assert after is not None
    assert (after.fragments, after.rows, after.deleted, after.versions) == (1, 400, 0, 10)
    assert cleaned.versions >= 190
    assert errors == []
    assert counts == {(400, 400)}


def test_fragments_fit_into_what_is_done_in_one_go() -> None:
    """However wide the rows are, a fragment weighs between a half and all of the bound, up to a number of rows."""
    bound, most = 1 << 29, 1 << 20
    for width in (600, 2_000, 7_000, 50_000, 3_000_000):
        rows = fragment_rows(1_000, 1_000 * width, most_rows=most, most_bytes=bound)
        assert bound / 2 < rows * width <= bound
    assert fragment_rows(1_000, 10_000, most_rows=most, most_bytes=bound) == most
    assert fragment_rows(1, 1 << 40, most_rows=most, most_bytes=bound) == 1
    steady = {
        fragment_rows(rows, rows * 2_000 + 99, most_rows=most, most_bytes=bound) for rows in (10, 999, 5_000)
    }
    assert len(steady) == 1


def test_a_table_larger_than_one_go_is_compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small fragments that together weigh more than is done in one go become few, each within the bound; and one that
    alone weighs more is still rewritten without the rows that were deleted from it."""
    monkeypatch.setattr(lance_upkeep, "BYTES_AT_A_TIME", 200_000)
    documents = open_documents(str(tmp_path))

    def write(name: str, count: int) -> None:
        items = [f"{name}_{number}" for number in range(count)]
        rows = document_rows(dict.fromkeys(items, 1), vectors=np.ones((count, 256), np.float32))
        documents.commit(TABLE, rows, items=items, stamp=STAMP)

    write("large", 600)
    for number in range(30):
        write(f"small{number}", 20)
    documents.commit(TABLE, pa.table({}), items=["large_0"], stamp=STAMP)
    documents.upkeep.compact(TABLE, all_deletions=True)
    documents.upkeep.purge(TABLE)
    facts = documents.upkeep.facts(TABLE)
    assert facts is not None
    assert (facts.rows, facts.deleted) == (1_199, 0)
    assert 4 <= facts.fragments < 20
    data = sorted((tmp_path / f"{TABLE}.lance" / "data").iterdir(), key=lambda file: file.stat().st_size)
    assert all(file.stat().st_size <= 200_000 for file in data)


def test_concurrent_writers_meet_an_index_on_their_key(tmp_path: Path) -> None:
    """With a BTREE on the key that merges go by, of two commits of one new item made at once only one is written, once."""
    one, two = open_documents(str(tmp_path)), open_documents(str(tmp_path))
    rows = document_rows({f"item_{number}": 1 for number in range(50)}, vectors=np.ones((50, 4), np.float32))
    one.commit(TABLE, rows, items=rows["_source_item"].to_pylist(), stamp=STAMP)
    for column in ("document_id", "_source_item"):
        one.upkeep.build(TABLE, f"{column}_idx", column=column, kind="BTREE")
    new = document_rows({"new": 1}, vectors=np.ones((1, 4), np.float32))
    barrier = threading.Barrier(2)

    def write(documents: DocumentStore) -> None:
        barrier.wait()
        with contextlib.suppress(NotReady):  # the loser is told to try again
            documents.commit(TABLE, new, items=["new"], stamp=STAMP)

    writers = [threading.Thread(target=write, args=(documents,)) for documents in (one, two)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert open_documents(str(tmp_path)).count(TABLE, where="_source_item = 'new'") == 1


def steward(lab: TierLab) -> IndexSteward:
    return IndexSteward(lab.warehouse.catalog, lab.warehouse.documents, policy=EAGER)


def test_a_collection_is_tended_once(lab: TierLab) -> None:
    """Fragments, indexes and versions are put in order in one go; a second go finds nothing to do, and no row differs."""
    bucket = lab.bucket("texts")
    collection = lab.collection("upper", [bucket])
    for number in range(12):
        lab.process(bucket, [lab.put(bucket, f"file_{number}", f"words {number}")])
    before = lab.contents(collection)
    tended = steward(lab).tend(collection)
    assert [step.action for step in tended.done] == ["compact", "build", "build", "build", "build", "clean"]
    (state,) = tended.tables
    assert (state.active, state.facts.fragments, state.facts.versions) == (True, 1, 2)
    assert state.steps == ()
    assert steward(lab).tend(collection).done == ()
    assert lab.contents(collection) == before
    assert lab.warehouse.documents.stamp(state.facts.table) is not None


def test_a_tended_table_takes_new_batches(lab: TierLab) -> None:
    """After compaction and indexes a run finds unchanged items unchanged, writes what is new and removes what is gone."""
    bucket = lab.bucket("texts")
    collection = lab.collection("upper", [bucket])
    ids = [lab.put(bucket, f"file_{number}", f"words {number}") for number in range(12)]
    lab.process(bucket)
    steward(lab).tend(collection)
    lab.put(bucket, "file_0", "other words")
    report = lab.process(bucket)["upper"]
    assert (report.unchanged, report.written) == (11, 1)
    lab.delete(bucket, ids[3])
    assert len(lab.rows(collection)) == 11
    assert "other words" in lab.texts(collection)


def test_a_batch_is_not_disturbed(lab: TierLab) -> None:
    """While a batch of the collection is open the steward leaves at once and says which; one that arrives in between
    stops it before its next step."""
    bucket = lab.bucket("texts")
    collection = lab.collection("upper", [bucket])
    for number in range(12):
        lab.process(bucket, [lab.put(bucket, f"file_{number}", f"words {number}")])
    batch = lab.submit(bucket)
    tended = steward(lab).tend(collection)
    assert (tended.done, tended.waits_for) == ((), f"batch {batch.batch_id}")
    lab.run(batch)
    arrived = []
    tended = steward(lab).tend(collection, progress=lambda _: arrived or arrived.append(lab.submit(bucket)))
    assert len(tended.done) == 1
    assert tended.waits_for == f"batch {arrived[0].batch_id}"
    assert tended.tables[0].steps


def test_a_writer_is_not_disturbed(lab: TierLab) -> None:
    """While another process holds the lease of the table's writer nothing is done."""
    bucket = lab.bucket("texts")
    collection = lab.collection("upper", [bucket])
    for number in range(12):
        lab.put(bucket, f"file_{number}", f"words {number}")
    lab.process(bucket)
    generation = lab.warehouse.collections.generation(collection)
    with hold(lab.warehouse.catalog.leases, writer_lease(generation)):
        tended = steward(lab).tend(collection)
    assert tended.done == ()
    assert generation.table in tended.waits_for


def test_searches_are_counted_from_the_log(lab: TierLab) -> None:
    """The rate of searches of a collection follows from the logged queries of the retrievers that read it."""
    bucket = lab.bucket("texts")
    collection = lab.collection("upper", [bucket])
    catalog = lab.warehouse.catalog
    assert searches_per_day(catalog, collection) == 0.0
    retriever = Retriever("ret_1", lab.namespace_id, "search", (), collection_ids=(collection.collection_id,))
    catalog.resources.put_retriever(retriever)
    asked = [
        LoggedQuery(lab.namespace_id, retriever_id, asked_at=time.time() - 7200)
        for retriever_id in ["ret_1"] * 10 + ["ret_2"] * 5
    ]
    catalog.queries.keep(asked, limit=100, since=0.0)
    assert searches_per_day(catalog, collection) == pytest.approx(120.0, rel=0.05)


def test_tags_outlive_the_clean_up(lab: TierLab, home: Path) -> None:
    """A tagged version is kept however many there are."""
    import lance

    bucket = lab.bucket("texts")
    collection = lab.collection("upper", [bucket])
    lab.process(bucket, [lab.put(bucket, "file", "words")])
    table = lab.warehouse.collections.generation(collection).table
    dataset = lance.dataset(str(home / "documents" / f"{table}.lance"))
    dataset.tags.create("release", dataset.version)
    for number in range(6):
        lab.process(bucket, [lab.put(bucket, f"file_{number}", f"words {number}")])
    steward(lab).tend(collection)
    facts = lab.warehouse.documents.upkeep.facts(table)
    assert facts is not None
    assert (facts.tags, facts.versions) == (("release",), 3)
    assert lab.warehouse.documents.count(table, version=dataset.version) == 1
