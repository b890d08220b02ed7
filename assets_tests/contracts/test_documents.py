"""The contract of `DocumentStore`, kept by the Lance store and its in-memory twin alike."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from assets_tests.contracts.documents_rows import (
    DIMENSION,
    STAMP,
    TABLE,
    document_rows,
    ids,
    texts_of,
    vector_index,
)
from mixpeek_orchestration.core.document import (
    DOCUMENT_ID,
    LINEAGE,
    ROOT_BUCKET,
    ROOT_OBJECT,
    SOURCE_COLLECTION,
    SOURCE_ITEM,
)
from mixpeek_orchestration.core.errors import InvalidInput, NotFound
from mixpeek_orchestration.core.ports.documents import CommitResult, DocumentStore, Stamp
from mixpeek_orchestration.stores.documents import open_documents
from mixpeek_orchestration.stores.documents.memory import MemoryDocumentStore


@pytest.fixture(params=["memory", "folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    """A store without tables, of every kind."""
    if request.param == "memory":
        return MemoryDocumentStore()
    if request.param == "folder":
        return open_documents(str(tmp_path / "tables"))
    request.getfixturevalue("s3_environment")
    return open_documents(f"s3://warehouse/{tmp_path.name}/tables")


def commit(
    store: DocumentStore, rows: pa.Table, *items: str, stamp: Stamp = STAMP, table: str = TABLE
) -> CommitResult:
    return store.commit(table, rows, items=items or rows[SOURCE_ITEM].unique().to_pylist(), stamp=stamp)


class TestMissingTable:
    def test_reads_as_empty(self, store: DocumentStore) -> None:
        """A table that no commit has made yet has version 0, no stamp, no rows, and its lineage columns."""
        assert store.version(TABLE) == 0
        assert store.stamp(TABLE) is None
        assert store.columns(TABLE) == {}
        assert store.count(TABLE) == 0
        assert store.read(TABLE).column_names == list(LINEAGE)
        assert store.by_ids(TABLE, DOCUMENT_ID, ["a"], columns=["text"]).num_rows == 0
        assert store.search(TABLE, vector_index(), [1.0] * DIMENSION, k=3).num_rows == 0

    def test_has_empty_frames(self, store: DocumentStore) -> None:
        """The planner's frames of a missing table are empty and have their string columns."""
        names = ["item", "root_object", "source_fp", "input_fp", "pass_fp", "code_fp"]
        assert store.state(TABLE).schema == pl.Schema(dict.fromkeys(names, pl.String))
        assert store.upstream(TABLE).schema == pl.Schema(dict.fromkeys(names[:3], pl.String))

    def test_stays_missing_when_only_deletes_arrive(self, store: DocumentStore) -> None:
        """A commit without rows creates no table."""
        result = store.commit(TABLE, pa.table({}), items=["a"], stamp=STAMP)
        assert result == CommitResult(version=0, rows_written=0, rows_deleted=0)

    def test_is_dropped_without_complaint(self, store: DocumentStore) -> None:
        """Dropping a table twice is no error, and it is gone after the first time."""
        commit(store, document_rows({"a": 1}))
        store.drop(TABLE)
        store.drop(TABLE)
        assert store.version(TABLE) == 0


class TestCommit:
    def test_creates_the_table_in_one_stamped_version(self, store: DocumentStore) -> None:
        """The first commit makes version 1 with the rows, their types and the stamp."""
        result = commit(store, document_rows({"a": 2, "b": 1}))
        assert result == CommitResult(version=1, rows_written=3, rows_deleted=0)
        assert store.version(TABLE) == 1
        assert store.stamp(TABLE) == STAMP
        assert store.count(TABLE) == 3
        assert store.columns(TABLE)["_position"] == "int32"
        assert store.columns(TABLE)["vec"].startswith("fixed_size_list<")

    def test_replaces_an_item_and_leaves_the_others(self, store: DocumentStore) -> None:
        """Rows of an item that comes again are updated in place: same ids, new content, no duplicates."""
        commit(store, document_rows({"a": 2, "b": 1}, text="old"))
        result = commit(store, document_rows({"a": 2}, text="new"), stamp=Stamp("bat_2", "code_2", "run_2"))
        assert result == CommitResult(version=2, rows_written=2, rows_deleted=0)
        rows = store.read(TABLE)
        assert texts_of(rows, "a") == ["new", "new"]
        assert texts_of(rows, "b") == ["old"]
        assert store.stamp(TABLE) == Stamp("bat_2", "code_2", "run_2")

    def test_takes_away_what_a_shrinking_item_no_longer_has(self, store: DocumentStore) -> None:
        """An item with fewer rows than before loses the extra ones in the same commit."""
        commit(store, document_rows({"a": 3, "b": 2}))
        result = commit(store, document_rows({"a": 1, "c": 1}))
        assert result == CommitResult(version=2, rows_written=2, rows_deleted=2)
        assert set(store.read(TABLE)[DOCUMENT_ID].to_pylist()) == ids(
            [("a", 0), ("b", 0), ("b", 1), ("c", 0)]
        )

    def test_removes_items_that_come_without_rows(self, store: DocumentStore) -> None:
        """An empty source deletes: items named without rows lose all their rows, whatever the empty table's columns."""
        commit(store, document_rows({"a": 2, "b": 2, "c": 1}))
        result = store.commit(TABLE, pa.table({}), items=["a", "unknown"], stamp=STAMP)
        assert (result.rows_written, result.rows_deleted) == (0, 2)
        mixed = commit(store, document_rows({"c": 1}, text="new"), "b", "c")
        assert (mixed.rows_written, mixed.rows_deleted) == (1, 2)
        assert store.state(TABLE)["item"].to_list() == ["c"]

    def test_makes_no_version_when_there_is_nothing_to_change(self, store: DocumentStore) -> None:
        """Deleting items that have no rows leaves version and stamp as they were."""
        commit(store, document_rows({"a": 1}))
        result = store.commit(TABLE, pa.table({}), items=["b"], stamp=Stamp("other", "other"))
        assert result == CommitResult(version=1, rows_written=0, rows_deleted=0)
        assert store.stamp(TABLE) == STAMP

    def test_keeps_the_last_of_equal_ids(self, store: DocumentStore) -> None:
        """Two rows with one document id in a source become one row, the later."""
        twice = pa.concat_tables(
            [document_rows({"a": 2}, text="first"), document_rows({"a": 1}, text="last")]
        )
        assert commit(store, twice).rows_written == 2
        assert sorted(texts_of(store.read(TABLE), "a")) == ["first", "last"]

    def test_fills_a_table_again_that_lost_all_rows(self, store: DocumentStore) -> None:
        """After every row is deleted, the table keeps its columns and takes rows again, also with a new column."""
        commit(store, document_rows({"a": 2}))
        store.commit(TABLE, pa.table({}), items=["a"], stamp=STAMP)
        assert store.count(TABLE) == 0
        assert "vec" in store.columns(TABLE)
        commit(store, document_rows({"b": 1}, extra={"n": [1]}), stamp=Stamp("bat_9", "code_9"))
        assert store.read(TABLE)["n"].to_pylist() == [1]
        assert store.stamp(TABLE) == Stamp("bat_9", "code_9")
        assert store.version(TABLE) == 3

    def test_takes_five_thousand_items_at_once(self, store: DocumentStore) -> None:
        """A commit of 5,000 items, and one that deletes half of them, count what they did."""
        items = {f"item {number}": 1 for number in range(5_000)}
        assert commit(store, document_rows(items)).rows_written == 5_000
        gone = list(items)[::2]
        assert store.commit(TABLE, pa.table({}), items=gone, stamp=STAMP).rows_deleted == 2_500
        assert set(store.state(TABLE)["item"]) == set(list(items)[1::2])

    @pytest.mark.parametrize(
        "item", ["it's", "'; DROP", "ünïcode ✓", 'double "quotes"', "back\\slash", "%_`"]
    )
    def test_takes_any_text_as_an_item(self, store: DocumentStore, item: str) -> None:
        """Item names with quotes, umlauts and SQL in them are only ever names."""
        commit(store, document_rows({item: 3, "other": 1}))
        commit(store, document_rows({item: 1}, text="new"))
        assert store.by_ids(TABLE, SOURCE_ITEM, [item]).num_rows == 1
        assert store.state(TABLE, roots=[item])["item"].to_list() == [item]
        assert store.commit(TABLE, pa.table({}), items=[item], stamp=STAMP).rows_deleted == 1
        assert store.state(TABLE)["item"].to_list() == ["other"]


class TestRefusal:
    """What is refused names the field and leaves the table as it was."""

    @pytest.fixture(autouse=True)
    def _table(self, store: DocumentStore) -> Iterator[None]:
        commit(store, document_rows({"a": 1}))
        before = store.read(TABLE)
        yield
        assert store.read(TABLE).equals(before)
        assert store.version(TABLE) == 1

    def test_rows_of_a_foreign_item(self, store: DocumentStore) -> None:
        """A row whose item is not among `items` is refused, naming it."""
        with pytest.raises(InvalidInput) as caught:
            commit(store, document_rows({"a": 1, "b": 1}), "a")
        assert (caught.value.field, caught.value.value) == (SOURCE_ITEM, "b")

    @pytest.mark.parametrize("key", [DOCUMENT_ID, SOURCE_ITEM])
    def test_a_null_key(self, store: DocumentStore, key: str) -> None:
        """A row without its id or its item is refused."""
        rows = document_rows({"a": 1})
        rows = rows.set_column(rows.column_names.index(key), key, pa.array([None], pa.string()))
        with pytest.raises(InvalidInput) as caught:
            commit(store, rows, "a")
        assert caught.value.field == key

    def test_a_missing_lineage_column(self, store: DocumentStore) -> None:
        """Rows must have every column that the warehouse itself writes."""
        with pytest.raises(InvalidInput) as caught:
            commit(store, document_rows({"a": 1}).drop_columns(["_code_fp"]))
        assert caught.value.field == "_code_fp"

    def test_a_vector_of_another_dimension(self, store: DocumentStore) -> None:
        """The error names the vector column and both dimensions."""
        rows = document_rows({"a": 1}, vectors=np.ones((1, DIMENSION + 1), np.float32))
        with pytest.raises(InvalidInput, match=r"vec is .*\[5\].*\[4\]") as caught:
            commit(store, rows)
        assert caught.value.field == "vec"

    def test_a_column_of_another_type(self, store: DocumentStore) -> None:
        """Every column that does not fit is named, not only the first."""
        rows = document_rows({"a": 1}).drop_columns(["text", "vec"])
        rows = rows.append_column("text", [[1]]).append_column("vec", [["x"]])
        with pytest.raises(InvalidInput, match=r"text is int64.*vec is string"):
            commit(store, rows)

    def test_a_bad_row_beside_a_new_column(self, store: DocumentStore) -> None:
        """Rows that are refused add no column either."""
        rows = (
            document_rows({"a": 1}, extra={"new": ["x"]}).drop_columns(["text"]).append_column("text", [[1]])
        )
        with pytest.raises(InvalidInput):
            commit(store, rows)
        assert "new" not in store.columns(TABLE)


class TestTypes:
    def test_a_new_column_is_null_in_older_rows(self, store: DocumentStore) -> None:
        """A column that comes later is added, and rows without a column that the table has get null."""
        commit(store, document_rows({"a": 1}))
        commit(store, document_rows({"b": 1}, extra={"pages": pa.array([7], pa.int64())}))
        commit(store, document_rows({"c": 1}).drop_columns(["text"]))
        rows = {row[SOURCE_ITEM]: row for row in store.read(TABLE).to_pylist()}
        assert {item: row["pages"] for item, row in rows.items()} == {"a": None, "b": 7, "c": None}
        assert rows["c"]["text"] is None
        assert store.stamp(TABLE) == STAMP

    def test_a_column_without_values_waits_for_its_type(self, store: DocumentStore) -> None:
        """A column of nothing but nulls is not written; the first rows that have values decide its type."""
        commit(store, document_rows({"a": 1}, extra={"score": pa.nulls(1), "tags": [[]]}))
        assert "score" not in store.columns(TABLE)
        commit(store, document_rows({"b": 1}, extra={"score": [1.5], "tags": [["x"]]}))
        commit(store, document_rows({"c": 1}, extra={"score": pa.nulls(1), "tags": pa.nulls(1)}))
        assert sorted(store.read(TABLE)["score"].to_pylist(), key=str) == [1.5, None, None]

    def test_lossless_casts_are_made(self, store: DocumentStore) -> None:
        """Large strings, dictionaries, string views, smaller integers and list vectors fit when nothing is lost."""
        commit(store, document_rows({"a": 1}, extra={"n": pa.array([1], pa.int64())}))
        rows = document_rows({"b": 1}).drop_columns(["text", "vec"])
        rows = rows.append_column("text", pa.array(["x"]).dictionary_encode())
        rows = rows.append_column("vec", pa.array([[1.0, 2.0, 3.0, 0.5]], pa.list_(pa.float64())))
        rows = rows.append_column("n", pa.array([2], pa.int8()))
        rows = rows.set_column(0, DOCUMENT_ID, rows[DOCUMENT_ID].cast(pa.large_string()))
        rows = rows.set_column(1, SOURCE_ITEM, rows[SOURCE_ITEM].cast(pa.string_view()))
        commit(store, rows)
        assert store.by_ids(TABLE, SOURCE_ITEM, ["b"], columns=["n", "text", "vec"]).to_pylist() == [
            {"n": 2, "text": "x", "vec": [1.0, 2.0, 3.0, 0.5]}
        ]

    def test_lossy_casts_are_refused(self, store: DocumentStore) -> None:
        """A number that the table's type cannot hold exactly is refused instead of rounded."""
        commit(store, document_rows({"a": 1}, extra={"n": pa.array([1], pa.int32())}))
        for wrong in (pa.array([1.5]), pa.array([2**40]), pa.array(["2"])):
            with pytest.raises(InvalidInput) as caught:
                commit(store, document_rows({"b": 1}, extra={"n": wrong}))
            assert caught.value.field == "n"

    def test_nested_values_come_back(self, store: DocumentStore) -> None:
        """Lists, structs, booleans, floats and timestamps survive the way in and out."""
        extra = {
            "tags": pa.array([["x", "y"]], pa.large_list(pa.large_string())),
            "info": pa.array([{"a": 1, "b": ["q"]}]),
            "flag": [True],
            "when": pa.array([1_700_000_000_000], pa.timestamp("ms", "UTC")),
        }
        commit(store, document_rows({"a": 1}, extra=extra))
        row = store.read(TABLE, columns=list(extra)).to_pylist()[0]
        assert row["tags"] == ["x", "y"]
        assert row["info"] == {"a": 1, "b": ["q"]}
        assert row["flag"] is True
        assert row["when"].year == 2023


class TestFrames:
    def test_state_has_one_row_per_item(self, store: DocumentStore) -> None:
        """Items with many documents count once, with the fingerprints of their rows."""
        commit(store, document_rows({"a": 3, "b": 1}, root={"a": "root 1", "b": "root 2"}, code_fp="c9"))
        frame = store.state(TABLE).sort("item")
        assert frame["item"].to_list() == ["a", "b"]
        assert frame["root_object"].to_list() == ["root 1", "root 2"]
        assert frame.row(0, named=True) == {
            "item": "a",
            "root_object": "root 1",
            "source_fp": "_source_fp",
            "input_fp": "_input_fp",
            "pass_fp": "_pass_fp",
            "code_fp": "c9",
        }

    def test_upstream_has_one_row_per_document(self, store: DocumentStore) -> None:
        """The next tier sees documents as its items, with their content fingerprint."""
        commit(store, document_rows({"a": 2}, text="t", root={"a": "root"}))
        frame = store.upstream(TABLE)
        assert set(frame["item"]) == ids([("a", 0), ("a", 1)])
        assert set(frame["root_object"]) == {"root"}
        assert set(frame["source_fp"]) == {"t:a:0", "t:a:1"}

    @pytest.mark.parametrize("many", [2, 1_500])
    def test_frames_are_limited_to_roots(self, store: DocumentStore, many: int) -> None:
        """Only items below the named root objects are in the frames, for few roots and for many."""
        items = {f"item{number}": 1 for number in range(many + 3)}
        commit(store, document_rows(items))
        roots = list(items)[:many]
        assert set(store.state(TABLE, roots=roots)["item"]) == set(roots)
        assert store.upstream(TABLE, roots=[*roots, "unknown"]).height == many
        assert store.state(TABLE, roots=[]).is_empty()


class TestRead:
    @pytest.fixture(autouse=True)
    def _rows(self, store: DocumentStore) -> None:
        commit(store, document_rows({"a": 7, "b": 4}, extra={"n": list(range(11))}))

    def test_is_ordered_and_paged(self, store: DocumentStore) -> None:
        """Pages follow the order of document ids and together are the table."""
        pages = [store.read(TABLE, limit=4, offset=offset) for offset in (0, 4, 8, 12)]
        assert [page.num_rows for page in pages] == [4, 4, 3, 0]
        paged = pa.concat_tables(pages)[DOCUMENT_ID].to_pylist()
        assert paged == sorted(paged) == store.read(TABLE)[DOCUMENT_ID].to_pylist()

    def test_projects_and_filters(self, store: DocumentStore) -> None:
        """Columns come in the order asked for, also without the one that orders; `where` is SQL."""
        rows = store.read(TABLE, columns=["n", "text"], where="n >= 9 AND _source_item = 'b'")
        assert rows.column_names == ["n", "text"]
        assert sorted(rows["n"].to_pylist()) == [9, 10]
        assert store.count(TABLE, where="_source_item IN ('a', 'c')") == 7

    def test_finds_rows_by_ids(self, store: DocumentStore) -> None:
        """Rows are found by any string column; unknown values find nothing."""
        assert store.by_ids(TABLE, SOURCE_ITEM, ["b", "unknown"], columns=["n"]).num_rows == 4
        assert store.by_ids(TABLE, DOCUMENT_ID, []).num_rows == 0
        many = [f"unknown{number}" for number in range(3_000)]
        assert store.by_ids(TABLE, SOURCE_ITEM, [*many, "a"], columns=["n"]).num_rows == 7

    def test_refuses_a_filter_it_cannot_use(self, store: DocumentStore) -> None:
        """A filter over an unknown column or with broken SQL names `where` and its text."""
        for where in ("unknown = 1", "n = = 1"):
            with pytest.raises(InvalidInput) as caught:
                store.read(TABLE, where=where)
            assert (caught.value.field, caught.value.value) == ("where", where)

    def test_reads_a_pinned_version(self, store: DocumentStore) -> None:
        """A pinned version is what it was, whatever was committed since; one that never was is `NotFound`."""
        commit(store, document_rows({"a": 1}, text="new", extra={"later": ["x"]}))
        assert store.read(TABLE, version=1).num_rows == 11
        assert "later" not in store.read(TABLE, version=1).column_names
        assert store.count(TABLE, version=1) == 11
        assert store.count(TABLE) == 5
        assert store.search(TABLE, vector_index(), [1.0] * DIMENSION, k=100, version=1).num_rows == 11
        with pytest.raises(NotFound):
            store.read(TABLE, version=99)

    def test_a_dataset_is_one_version(self, store: DocumentStore) -> None:
        """What is read from it later is what was there when it was opened; no table is a dataset without rows."""
        before = store.dataset(TABLE)
        commit(store, document_rows({"a": 1}, text="new"))
        assert before.count_rows() == 11
        assert store.dataset(TABLE).count_rows() == 5
        assert store.dataset(TABLE, 1).to_table(columns=["document_id"]).num_rows == 11
        assert store.dataset("nothing").to_table().num_rows == 0
        with pytest.raises(NotFound):
            store.dataset(TABLE, 99)


class TestSearch:
    @pytest.mark.parametrize("distance", ["cosine", "euclid", "dot"])
    def test_agrees_with_numpy(self, store: DocumentStore, distance: str) -> None:
        """Ids and scores of the nearest rows are those of a plain computation, nearest first."""
        random = np.random.default_rng(7)
        matrix = random.normal(size=(300, DIMENSION)).astype(np.float32)
        query = random.normal(size=DIMENSION).astype(np.float32)
        rows = document_rows({f"i{number}": 1 for number in range(300)}, vectors=matrix)
        commit(store, rows)
        wanted = {
            "cosine": matrix @ query / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)),
            "euclid": -np.linalg.norm(matrix - query, axis=1),
            "dot": matrix @ query,
        }[distance]
        best = np.argsort(-wanted)[:10]
        found = store.search(TABLE, vector_index(distance), query.tolist(), k=10)
        assert found[SOURCE_ITEM].to_pylist() == [f"i{number}" for number in best]
        np.testing.assert_allclose(found["_score"].to_numpy(), wanted[best], rtol=1e-4, atol=1e-5)

    def test_answers_without_vectors(self, store: DocumentStore) -> None:
        """An answer has the document's id and origin, its own columns and the score: no vector, no bookkeeping."""
        commit(store, document_rows({"a": 1}))
        found = store.search(TABLE, vector_index(), [1.0] * DIMENSION, k=5)
        origin = [DOCUMENT_ID, SOURCE_ITEM, ROOT_OBJECT, ROOT_BUCKET, SOURCE_COLLECTION]
        assert found.column_names == [*origin, "text", "_score"]
        assert found["_score"].to_pylist() == pytest.approx([1.0])

    def test_filters_before_it_searches(self, store: DocumentStore) -> None:
        """The k nearest rows that match are found even when k others are nearer."""
        matrix = np.array([[1, 0, 0, 0]] * 50 + [[0, 1, 0, 0]] * 2, np.float32)
        commit(store, document_rows({"near": 50, "far's": 2}, vectors=matrix))
        found = store.search(TABLE, vector_index(), [1, 0, 0, 0], k=5, where="_source_item = 'far''s'")
        assert found[SOURCE_ITEM].to_pylist() == ["far's"] * 2

    def test_leaves_out_rows_without_a_vector(self, store: DocumentStore) -> None:
        """A row whose vector is null is never found."""
        commit(store, document_rows({"a": 1}))
        commit(store, document_rows({"b": 1}).drop_columns(["vec"]))
        assert store.search(TABLE, vector_index(), [1.0] * DIMENSION, k=5)[SOURCE_ITEM].to_pylist() == ["a"]

    def test_of_a_table_without_rows_is_empty(self, store: DocumentStore) -> None:
        """A table that lost all rows answers with no rows and the same columns."""
        commit(store, document_rows({"a": 1}))
        full = store.search(TABLE, vector_index(), [1.0] * DIMENSION, k=5)
        store.commit(TABLE, pa.table({}), items=["a"], stamp=STAMP)
        assert store.search(TABLE, vector_index(), [1.0] * DIMENSION, k=5).schema.names == full.schema.names

    def test_refuses_what_cannot_be_searched(self, store: DocumentStore) -> None:
        """Another dimension and a column without vectors are refused, naming them."""
        commit(store, document_rows({"a": 1}))
        with pytest.raises(InvalidInput) as caught:
            store.search(TABLE, vector_index(), [1.0] * 3, k=5)
        assert (caught.value.field, caught.value.value) == ("query", 3)
        wrong = vector_index().__class__(feature="text", column="text", dimension=4)
        with pytest.raises(InvalidInput, match="text is not a vector column"):
            store.search(TABLE, wrong, [1.0] * DIMENSION, k=5)

    def test_finds_what_was_committed_last(self, store: DocumentStore) -> None:
        """A search right after a commit sees the new vector of a replaced row, and never the old one."""
        commit(store, document_rows({"a": 1}, vectors=np.array([[1, 0, 0, 0]], np.float32)))
        assert store.search(TABLE, vector_index(), [1, 0, 0, 0], k=5)["_score"].to_pylist() == [1.0]
        commit(store, document_rows({"a": 1}, vectors=np.array([[0, 1, 0, 0]], np.float32)))
        assert store.search(TABLE, vector_index(), [1, 0, 0, 0], k=5)["_score"].to_pylist() == [0.0]


def test_a_store_travels(store: DocumentStore) -> None:
    """A pickled store opens the same tables where it arrives."""
    commit(store, document_rows({"a": 2}))
    arrived = pickle.loads(pickle.dumps(store))
    assert arrived.read(TABLE).equals(store.read(TABLE))
    commit(arrived, document_rows({"b": 1}))
    assert arrived.stamp(TABLE) == STAMP


def test_tables_are_apart(store: DocumentStore) -> None:
    """Generations of one collection have the same document ids and nothing else in common."""
    commit(store, document_rows({"a": 2}), table="gen_1")
    commit(store, document_rows({"a": 1}, vectors=np.ones((1, 9), np.float32)), table="gen_2")
    assert (store.count("gen_1"), store.count("gen_2")) == (2, 1)
    store.drop("gen_1")
    assert (store.count("gen_1"), store.count("gen_2")) == (0, 1)
