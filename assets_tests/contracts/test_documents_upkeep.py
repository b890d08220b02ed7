"""The contract of `TableUpkeep`: no upkeep changes a row, and what files hold is told as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from assets_tests.contracts.documents_rows import DIMENSION, STAMP, TABLE, document_rows, vector_index
from mixpeek_orchestration.core.document import SOURCE_ITEM
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.upkeep import FileTrace
from mixpeek_orchestration.stores.documents import open_documents
from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore

ERASED = "obj_5f0c31d2a8b7"
NO_ROWS = pa.table({})


@pytest.fixture(params=["memory", "folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    """A store without tables, of every kind."""
    if request.param == "memory":
        return MemoryDocumentStore()
    if request.param == "folder":
        return open_documents(str(tmp_path / "documents"))
    request.getfixturevalue("s3_environment")
    return open_documents(f"s3://warehouse/{tmp_path.name}/documents")


def write(store: DocumentStore, *items: str, rows_each: int = 2, text: str = "text") -> None:
    vectors = np.random.default_rng(len(items)).normal(size=(len(items) * rows_each, DIMENSION))
    rows = document_rows(dict.fromkeys(items, rows_each), vectors=vectors, text=text)
    store.commit(TABLE, rows, items=list(items), stamp=STAMP)


def remove(store: DocumentStore, item: str) -> None:
    store.commit(TABLE, NO_ROWS, items=[item], stamp=STAMP)


def found(traces: list[FileTrace]) -> int:
    return sum(trace.found for trace in traces)


def test_a_table_that_is_not_there_is_left_alone(store: DocumentStore) -> None:
    """Upkeep of a missing table does nothing and makes none."""
    upkeep = store.upkeep
    upkeep.build(TABLE, "vec_idx", column="vec", kind="IVF_SQ")
    upkeep.compact(TABLE)
    upkeep.drop_index(TABLE, "vec_idx")
    assert upkeep.facts(TABLE) is None
    assert upkeep.clean(TABLE, keep_versions=1, older_than_s=0).versions == 0
    assert upkeep.traces(TABLE, ERASED) == []
    assert upkeep.identifiers(TABLE, ERASED) == set()
    assert upkeep.tables() == []


def test_facts_count_what_is_there(store: DocumentStore) -> None:
    """Rows, deleted rows, fragments and versions follow the commits."""
    write(store, "a", "b")
    write(store, "c")
    remove(store, "a")
    facts = store.upkeep.facts(TABLE)
    assert facts is not None
    assert (facts.rows, facts.deleted, facts.versions, facts.version) == (4, 2, 3, store.version(TABLE))
    assert facts.bytes > 0
    assert store.upkeep.tables() == [TABLE]


def test_an_index_knows_its_tail(store: DocumentStore) -> None:
    """Rows that are written after an index was built are its tail, until they are taken in; untouched rows stay in it."""
    write(store, *(f"item_{n}" for n in range(200)))
    store.upkeep.build(TABLE, "vec_idx", column="vec", kind="IVF_SQ")
    write(store, "later")
    facts = store.upkeep.facts(TABLE)
    assert facts is not None
    assert (index := facts.index("vec")) is not None
    assert (index.name, index.kind, index.rows, index.tail) == ("vec_idx", "IVF_SQ", 400, 2)
    store.upkeep.extend(TABLE, ["vec_idx"])
    facts = store.upkeep.facts(TABLE)
    assert facts is not None
    assert (index := facts.index("vec")) is not None
    assert (index.rows, index.tail) == (402, 0)
    store.upkeep.drop_index(TABLE, "vec_idx")
    assert store.upkeep.facts(TABLE).indexes == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("column", "kind"), [("_source_item", "BTREE"), ("text", "FTS"), ("vec", "HNSW_SQ"), ("vec", "IVF_SQ")]
)
def test_an_index_changes_no_answer(store: DocumentStore, column: str, kind: str) -> None:
    """Reads and searches answer the same with an index, also for what was written after it."""
    write(store, *(f"item_{n}" for n in range(200)))
    store.upkeep.build(TABLE, "idx", column=column, kind=kind)  # type: ignore[arg-type]
    write(store, "later", text="other")
    assert store.by_ids(TABLE, SOURCE_ITEM, ["later", "item_7"]).num_rows == 4
    query = store.read(TABLE, where="_source_item = 'later'")["vec"][0].as_py()
    best = store.search(TABLE, vector_index(), query, k=1)
    assert best[SOURCE_ITEM].to_pylist() == ["later"]
    assert best["_score"][0].as_py() == pytest.approx(1.0, abs=1e-5)


def test_upkeep_keeps_rows_and_stamp(store: DocumentStore) -> None:
    """Compaction, indexes and a clean-up change no row, and the last commit's stamp is still told."""
    for n in range(12):
        write(store, f"item_{n}")
    remove(store, "item_3")
    before = store.read(TABLE)
    store.upkeep.compact(TABLE)
    store.upkeep.build(TABLE, "idx", column="_root_object", kind="BTREE")
    assert store.stamp(TABLE) == STAMP
    cleaned = store.upkeep.clean(TABLE, keep_versions=2, older_than_s=0)
    facts = store.upkeep.facts(TABLE)
    assert facts is not None
    assert cleaned.versions > 0
    assert facts.versions == 2
    assert store.read(TABLE).equals(before)
    assert store.stamp(TABLE) == STAMP


def test_a_version_that_is_gone_is_not_found(store: DocumentStore) -> None:
    """A version that was cleaned away cannot be read, one that was kept can."""
    write(store, "a")
    write(store, "b")
    write(store, "c")
    store.upkeep.clean(TABLE, keep_versions=2, older_than_s=0)
    assert store.count(TABLE, version=2) == 4
    with pytest.raises(NotFound):
        store.count(TABLE, version=1)


def test_contents_that_rows_name_are_told(store: DocumentStore) -> None:
    """Addresses in texts of rows, in URLs too, are found: of one object in all files, of the newest version in its rows."""
    address, other = "a" * 64, "b" * 64
    write(store, ERASED, text=f"file:///objects/aa/aa/{address}?signed")
    write(store, "other", text=f"see {other}")
    assert store.upkeep.named(TABLE, {address, other, "c" * 64}) == {address, other}
    remove(store, ERASED)
    assert store.upkeep.named(TABLE, {address, other}) == {other}
    assert address in store.upkeep.identifiers(TABLE, ERASED)
    assert other not in store.upkeep.identifiers(TABLE, ERASED)


def test_young_versions_stay(store: DocumentStore) -> None:
    """A clean-up with an age leaves what is younger, however many versions there are."""
    for n in range(4):
        write(store, f"item_{n}")
    assert store.upkeep.clean(TABLE, keep_versions=1, older_than_s=3600).versions == 0


def test_a_deleted_row_is_found_until_its_files_are_gone(store: DocumentStore) -> None:
    """The decoder finds a row that no read shows any more; only compaction and clean-up together remove it."""
    write(store, ERASED, *(f"item_{n}" for n in range(20)))
    write(store, "later")
    remove(store, ERASED)
    upkeep = store.upkeep
    assert store.count(TABLE, where=f"_root_object = '{ERASED}'") == 0
    assert found(upkeep.traces(TABLE, ERASED)) >= 2
    assert ERASED in upkeep.identifiers(TABLE, ERASED)
    assert len(upkeep.identifiers(TABLE, ERASED)) == 3
    upkeep.purge(TABLE)
    assert found(upkeep.traces(TABLE, ERASED)) >= 2
    upkeep.compact(TABLE, all_deletions=True)
    upkeep.purge(TABLE)
    traces = upkeep.traces(TABLE, ERASED, mentions=[ERASED])
    assert found(traces) == 0
    assert all(trace.is_clean for trace in traces)
    assert sum(trace.rows for trace in traces if trace.kind == "data") == store.count(TABLE) == 42
    assert upkeep.identifiers(TABLE, ERASED) == set()
