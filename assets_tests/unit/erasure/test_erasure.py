"""Erasing an object: out of every store, and proved by decoding what is left."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from assets_tests.unit.erasure.conftest import Place, everywhere
from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.erasure import proof_document, proof_lines, unproved
from mixpeek_orchestration.core.errors import InvalidInput, LeaseHeld, MixpeekError, NotFound, NotReady
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.retrieval.pins import reading
from mixpeek_orchestration.stores.documents import open_documents
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.runs.generations import writer_lease

SECRET = "Xanthippe-7731"


@pytest.fixture
def bucket(lab: TierLab) -> Bucket:
    return lab.bucket("texts")


def fill(lab: TierLab, bucket: Bucket, count: int = 8) -> tuple[str, list[Collection]]:
    """Objects in three tiers, one with the secret, which is edited once and then processed again."""
    upper = lab.collection("upper", [bucket])
    lower = lab.collection("lower", [upper])
    side = lab.collection("side", [bucket])
    for number in range(count):
        lab.put(bucket, f"file_{number}", f"some words {number}", title=f"title {number}")
    secret = lab.put(bucket, "secret", f"{SECRET} first", title=SECRET)
    lab.process(bucket)
    lab.put(bucket, "secret", f"{SECRET} second", title=SECRET)
    lab.process(bucket, [secret])
    return secret, [upper, lower, side]


def table(lab: TierLab, collection: Collection) -> str:
    return lab.warehouse.collections.generation(collection).table


def found(lab: TierLab, collection: Collection, object_id: str) -> int:
    """Rows of the object that a decoder finds in the files of a collection's table."""
    return sum(
        trace.found for trace in lab.warehouse.documents.upkeep.traces(table(lab, collection), object_id)
    )


@everywhere
def test_an_erased_object_is_in_no_file(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """After a plain delete the decoder still finds the rows and the bytes are all over the home; after the erasure the
    same decoder finds none, and no file of the home, or on S3, holds a word of it."""
    secret, collections = fill(lab, bucket)
    others = [len(lab.rows(collection)) for collection in collections]
    lab.delete(bucket, secret)
    assert [len(lab.rows(collection)) for collection in collections] == [count - 1 for count in others]
    assert all(found(lab, collection, secret) >= 2 for collection in collections)
    assert place.holding(SECRET)

    erasure = lab.warehouse.erasures.erase(bucket, secret, reason="asked for")

    assert erasure.is_completed
    assert unproved(erasure) == []
    assert [found(lab, collection, secret) for collection in collections] == [0, 0, 0]
    assert place.holding(SECRET) == []
    assert [len(lab.rows(collection)) for collection in collections] == [count - 1 for count in others]


@everywhere
def test_the_proof_names_every_store(lab: TierLab, bucket: Bucket) -> None:
    """The proof says of each store what it held and that it holds nothing, lists the files that are left with what was
    decoded in them and those that were removed, and quotes nothing."""
    secret, collections = fill(lab, bucket)
    erasure = lab.warehouse.erasures.erase(bucket, secret)
    proof = proof_document(erasure)
    stores = {entry["store"]: (entry["before"], entry["after"]) for entry in proof["stores"]}
    assert {after for _, after in stores.values()} == {0}
    assert stores["catalog.objects"][0] == 1
    assert stores["catalog.batch_objects"][0] == 2
    assert stores["objects.contents"][0] == 2
    assert {f"documents.{table(lab, c)}" for c in collections} <= set(stores)
    assert {"answers", "catalog.failures", "catalog.outcomes", "catalog.uploads", "catalog.query_log"} <= set(
        stores
    )
    for entry in proof["tables"]:
        assert entry["rows_decoded_before"] >= 1
        assert entry["rows_decoded"] == 0
        assert entry["removed_files"]
        data = [file for file in entry["files"] if file["kind"] == "data"]
        assert data
        assert all(file["decoded"] and file["rows"] for file in data)
    text = "\n".join(proof_lines(erasure))
    assert "COMPLETED" in text
    assert SECRET not in text + str(proof)


def test_failures_go(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """What a failed extraction left of the object is gone; another one's failure is not."""
    collection = lab.collection("upper", [bucket])
    poisoned = lab.put(bucket, "a", f"POISON {SECRET}")
    lab.put(bucket, "b", "POISON of another one")
    lab.process(bucket)
    erasure = lab.warehouse.erasures.erase(bucket, poisoned)
    before = {count.store: count.before for count in erasure.stores}
    assert (before["catalog.failures"], before["catalog.outcomes"]) == (1, 1)
    assert len(lab.warehouse.catalog.ledger.failures(collection.collection_id)) == 1
    assert place.holding(SECRET) == []


@everywhere
def test_contents_that_others_use_stay(lab: TierLab, bucket: Bucket) -> None:
    """Bytes that another object refers to are not the erased object's alone: they stay."""
    first = lab.put(bucket, "a", "the same words")
    second = lab.put(bucket, "b", "the same words")
    lab.warehouse.erasures.erase(bucket, first)
    (blob,) = lab.warehouse.objects.get(bucket, second).blobs
    assert lab.warehouse.parts.objects.get(blob.content_hash) == b"the same words"


@everywhere
def test_what_extractors_made_of_it_goes(lab: TierLab, bucket: Bucket) -> None:
    """A file that an extractor kept, whose URL its documents name, goes with the object; one that another object's
    documents name too stays."""
    store = lab.warehouse.parts.objects
    own, shared = store.put(b"a thumbnail of it"), store.put(b"a thumbnail of both")
    collection = lab.collection("upper", [bucket])
    erased = lab.put(bucket, "a", f"see {store.url(own)} and {store.url(shared)}")
    lab.put(bucket, "b", f"see {store.url(shared)}")
    lab.process(bucket)
    assert lab.warehouse.erasures.erase(bucket, erased).is_completed
    assert (store.exists(own), store.exists(shared)) == (False, True)
    assert len(lab.rows(collection)) == 1


def test_bytes_that_go_while_they_are_put_are_stored_again(
    lab: TierLab, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever puts an object finds its bytes there and does not write them; when a removal that was decided before takes
    them, they are written after all."""
    objects, store = lab.warehouse.catalog.objects, lab.warehouse.parts.objects
    put = objects.put

    def put_while_removed(changed: Sequence[SourceObject]) -> None:
        put(changed)
        for blob in changed[0].blobs:
            assert store.delete(blob.content_hash)

    monkeypatch.setattr(objects, "put", put_while_removed)
    object_id = lab.put(bucket, "a", "words")
    (blob,) = lab.warehouse.objects.get(bucket, object_id).blobs
    assert store.get(blob.content_hash) == b"words"


@everywhere
def test_bytes_of_deleted_objects_are_swept(lab: TierLab, bucket: Bucket) -> None:
    """What a plain delete leaves in the object store goes with a sweep, once nothing refers to it."""
    first, second = lab.put(bucket, "a", "first"), lab.put(bucket, "b", "second")
    (blob,) = lab.warehouse.objects.get(bucket, first).blobs
    lab.warehouse.objects.delete(bucket, first)
    contents = lab.warehouse.contents
    assert contents.sweep(grace_s=3600) == 0
    assert contents.sweep(grace_s=0) == 1
    assert contents.sweep(grace_s=0) == 0
    assert not lab.warehouse.parts.objects.exists(blob.content_hash)
    assert lab.warehouse.objects.get(bucket, second).blobs


def test_erasing_twice_is_one_erasure(lab: TierLab, bucket: Bucket) -> None:
    """A second request for what is gone answers with the proof that there is; an object that came back is erased again."""
    secret = lab.put(bucket, "secret", SECRET)
    first = lab.warehouse.erasures.erase(bucket, secret)
    assert lab.warehouse.erasures.erase(bucket, secret) == first
    assert lab.put(bucket, "secret", SECRET) == secret
    again = lab.warehouse.erasures.erase(bucket, secret)
    assert again.erasure_id != first.erasure_id
    assert lab.warehouse.erasures.of(bucket.namespace_id, secret) == again


def test_what_nobody_knows_is_not_erased(lab: TierLab, bucket: Bucket) -> None:
    """An id that no store names is not found, and what is no id is refused: it could match anything."""
    with pytest.raises(NotFound):
        lab.warehouse.erasures.erase(bucket, "obj_" + "0" * 24)
    with pytest.raises(InvalidInput):
        lab.warehouse.erasures.erase(bucket, "obj_")
    assert lab.warehouse.erasures.recent(bucket.namespace_id) == []


def test_an_erasure_waits_for_the_writer(lab: TierLab, bucket: Bucket) -> None:
    """While a run writes to a table the erasure stops with an error to try again; afterwards it completes. The object is
    gone from its bucket from the start."""
    secret, (collection, *_) = fill(lab, bucket, 2)
    generation = lab.warehouse.collections.generation(collection)
    with hold(lab.warehouse.catalog.leases, writer_lease(generation)):
        with pytest.raises(LeaseHeld):
            lab.warehouse.erasures.erase(bucket, secret, wait_s=0.0)
        (pending,) = lab.warehouse.erasures.unfinished()
        assert (pending.status, pending.attempts) == ("IN_PROGRESS", 1)
        assert "in use" in (pending.error or "")
        assert secret not in lab.warehouse.objects.ids(bucket)
    done = lab.warehouse.erasures.perform(pending.erasure_id)
    assert (done.is_completed, done.attempts, done.error) == (True, 2, None)


@everywhere
def test_indexes_are_made_again(lab: TierLab, bucket: Bucket) -> None:
    """An index that named the object is made again from what is left; none of its old files is there."""
    secret, (collection, *_) = fill(lab, bucket)
    upkeep = lab.warehouse.documents.upkeep
    name = table(lab, collection)
    upkeep.build(name, "root", column="_root_object", kind="BTREE")
    upkeep.build(name, "words", column="text", kind="FTS")
    assert any(trace.kind == "index" and trace.found for trace in upkeep.traces(name, secret))
    old = {trace.path for trace in upkeep.traces(name, secret) if trace.kind == "index"}
    proof = lab.warehouse.erasures.erase(bucket, secret).proof_of(name)
    assert proof is not None
    assert set(proof.rebuilt_indexes) == {"root", "words"}
    assert old <= set(proof.removed_files)
    facts = upkeep.facts(name)
    assert facts is not None
    assert {index.tail for index in facts.indexes} == {0}


@everywhere
def test_the_last_object_of_a_table_can_be_erased(lab: TierLab, bucket: Bucket) -> None:
    """A table that held nothing else is empty afterwards, and takes new documents."""
    collection = lab.collection("upper", [bucket])
    secret = lab.put(bucket, "secret", SECRET)
    lab.process(bucket)
    lab.warehouse.documents.upkeep.build(table(lab, collection), "root", column="_root_object", kind="BTREE")
    assert lab.warehouse.erasures.erase(bucket, secret).is_completed
    assert lab.rows(collection) == []
    lab.put(bucket, "other", "words")
    lab.process(bucket)
    assert len(lab.rows(collection)) == 1


@everywhere
def test_every_generation_is_erased(lab: TierLab, bucket: Bucket) -> None:
    """A generation beside the serving one, kept to go back to, loses the object by a delete and its files by an erasure."""
    secret, (collection, *_) = fill(lab, bucket, 2)
    serving = lab.warehouse.collections.generation(collection)
    beside = replace(
        serving, generation_id=f"{serving.generation_id}_b", number=2, table=f"{serving.table}_b"
    )
    lab.warehouse.catalog.resources.put_generation(beside)
    documents = lab.warehouse.documents
    rows = documents.read(serving.table)
    documents.commit(
        beside.table, rows, items=rows["_source_item"].unique().to_pylist(), stamp=Stamp("b", serving.code_fp)
    )
    lab.delete(bucket, secret)
    assert documents.count(beside.table) == documents.count(serving.table) == 2
    proof = lab.warehouse.erasures.erase(bucket, secret).proof_of(beside.table)
    assert proof is not None
    assert proof.generation_id == beside.generation_id
    assert proof.found_before >= 1
    assert proof.found == 0


@everywhere
def test_a_stray_table_is_erased_too(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """A table that no generation has any more, left by a crash, is rewritten like the others."""
    secret, (collection, *_) = fill(lab, bucket, 2)
    place.move(table(lab, collection), "stray")
    proof = lab.warehouse.erasures.erase(bucket, secret).proof_of("stray")
    assert proof is not None
    assert proof.generation_id == ""
    assert proof.found_before >= 2
    assert proof.found == 0


@everywhere
def test_what_a_killed_creation_left_is_removed(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """Files without a version, as a process leaves them that dies while it creates a table, hold the object too: they are
    removed, and the proof lists them."""
    secret, (collection, *_) = fill(lab, bucket, 2)
    place.move(table(lab, collection), "stray")
    files, path = place.files("stray")
    files.rm(f"{path}/_versions", recursive=True)
    proof = lab.warehouse.erasures.erase(bucket, secret).proof_of("stray")
    assert proof is not None
    assert any(path.startswith("data/") for path in proof.removed_files)
    assert place.holding(SECRET) == []


def test_an_erasure_is_no_drift(lab: TierLab, bucket: Bucket) -> None:
    """A table that was rewritten, and one whose indexes were made, is as we left it: nothing would be healed."""
    secret, collections = fill(lab, bucket, 2)
    lab.warehouse.documents.upkeep.build(table(lab, collections[0]), "r", column="_root_object", kind="BTREE")
    lab.warehouse.erasures.erase(bucket, secret)
    assert [lab.warehouse.drift.check(collection) for collection in collections] == [[], [], []]


@everywhere
def test_tagged_versions_do_not_keep_it(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """A tag on an old version would keep its rows: the tag goes with the version, and the proof names it."""
    secret, (collection, *_) = fill(lab, bucket, 2)
    name = table(lab, collection)
    dataset = place.dataset(name)
    dataset.tags.create("release", dataset.version)
    proof = lab.warehouse.erasures.erase(bucket, secret).proof_of(name)
    assert proof is not None
    assert proof.removed_tags == ("release",)


@everywhere
def test_searches_go_on_during_an_erasure(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """A reader that pins a version for every search meets nothing but answers and errors that ask to try again, and after
    the erasure answers without the object."""
    secret, (collection, *_) = fill(lab, bucket)
    generation = lab.warehouse.collections.generation(collection)
    (vector,) = generation.vectors
    stop, answered, errors = threading.Event(), [], []

    def search() -> None:
        reader = open_documents(place.documents)
        while not stop.is_set():
            try:
                with reading(generation.table):
                    version = reader.version(generation.table)
                    found = reader.search(generation.table, vector, [20.0, 1.0], k=50, version=version)
                answered.append(found.num_rows)
            except MixpeekError as error:
                errors.append(error)

    thread = threading.Thread(target=search)
    thread.start()
    lab.warehouse.erasures.erase(bucket, secret)
    stop.set()
    thread.join()
    rows = len(lab.rows(collection))
    assert set(answered) <= {rows, rows + 1}
    assert all(error.retryable for error in errors), errors


@everywhere
def test_readers_are_answered_or_asked_to_try_again(lab: TierLab, bucket: Bucket) -> None:
    """A version that was pinned before the erasure is not found afterwards, and one that loses its files while it is read
    asks to try again; the newest answers at once."""
    secret, (collection, *_) = fill(lab, bucket)
    documents, name = lab.warehouse.documents, table(lab, collection)
    pinned = documents.version(name)
    before = documents.count(name)

    def read_on() -> None:
        with documents._tables.reading(name, pinned) as held:  # type: ignore[attr-defined]
            lab.warehouse.erasures.erase(bucket, secret)
            held.to_table()

    with pytest.raises(NotReady):
        read_on()
    with pytest.raises(NotFound):
        documents.read(name, version=pinned)
    assert documents.count(name) == before - 1
