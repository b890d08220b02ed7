"""The contract of `ErasureCatalog`: what is forgotten is named by no row, and what is another's stays."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

from assets_tests.contracts.catalog_values import (
    BUCKET,
    COLLECTION,
    NAMESPACE,
    batch,
    error,
    outcome,
    source_object,
)
from assets_tests.contracts.test_catalog_syncs import a_sync
from mixpeek_orchestration.core.erasure import Erasure, StoreCount, Subject, TableProof
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.migrations import LoggedQuery
from mixpeek_orchestration.core.ports.upkeep import FileTrace
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.core.syncs.sync import SyncFile
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.stores.catalog import open_catalog

GONE, OTHER = "obj_0123456789abcdef01234567", "obj_89abcdef0123456789abcdef"
DOCUMENT, OTHER_DOCUMENT = "doc_0123456789abcdef01234567", "doc_89abcdef0123456789abcdef"
CONTENT, OTHER_CONTENT = "a" * 64, "b" * 64
SUBJECT = Subject(GONE, BUCKET, frozenset({DOCUMENT}), frozenset({CONTENT}), (COLLECTION,))
OTHER_SUBJECT = Subject(OTHER, BUCKET, frozenset({OTHER_DOCUMENT}))
ERASURE = Erasure("ers_1", NAMESPACE, BUCKET, GONE, reason="asked for")


def put_object(catalog: Catalog, object_id: str, *contents: str) -> None:
    base = source_object(1)
    blobs = tuple(replace(base.blobs[0], content_hash=content) for content in contents)
    catalog.objects.put([replace(base, object_id=object_id, blobs=blobs, metadata={"secret": object_id})])


def upload(upload_id: str, **changes: object) -> Upload:
    fields = {"content_hash": CONTENT, **changes}
    return Upload(upload_id, NAMESPACE, BUCKET, "a.txt", "text/plain", "hash", 1.5, **fields)  # type: ignore[arg-type]


def fill(catalog: Catalog, object_id: str, document: str, batch_id: str, content: str) -> None:
    """Leave something of an object in every concern that can name one."""
    put_object(catalog, object_id, content)
    catalog.batches.create(batch(batch_id, metadata={"selection": {"object_ids": [object_id]}}), [object_id])
    catalog.batches.submit(batch_id)
    report = TierReport(COLLECTION, fetched=1, submitted=1, failed=1, first_error="quotes content")
    catalog.batches.record_tier(batch_id, COLLECTION, report, run_id="run")
    catalog.ledger.keep_reports({batch_id: report}, run_id="run", code_fp="c")
    for generation, item in (("gen_1", object_id), ("gen_2", document)):
        catalog.ledger.settle(
            generation,
            collection_id=COLLECTION,
            batch_id=batch_id,
            done=[],
            outcomes=[outcome(item, root_object=object_id)],
            errors=[error(item, "quotes content")],
            versions={},
        )
    query = LoggedQuery(NAMESPACE, "ret_1", {"like": object_id}, asked_at=time.time())
    catalog.queries.keep([query], limit=100, since=0.0)


def test_an_erasure_is_read_as_it_was_kept(catalog: Catalog) -> None:
    """Every field survives, proofs too; the time is filled in."""
    trace = FileTrace("data/x.lance", "data", True, 10, 0)
    proof = TableProof(
        "t", COLLECTION, "gen_1", 2, 3, ("a",), 7, True, (trace,), ("b",), 4, ("tag",), ("idx",)
    )
    erasure = replace(ERASURE, tables=(proof,), stores=(StoreCount("objects", 1),), items=(DOCUMENT,))
    kept = catalog.erasures.put(erasure)
    assert kept == replace(erasure, requested_at=kept.requested_at)
    assert kept.requested_at
    assert catalog.erasures.get("ers_1") == kept
    assert catalog.erasures.get("ers_2") is None


def test_erasures_are_listed(catalog: Catalog) -> None:
    """The newest of an object, the unfinished ones oldest first, those of a namespace newest first."""
    first = catalog.erasures.put(replace(ERASURE, status="COMPLETED"))
    second = catalog.erasures.put(replace(ERASURE, erasure_id="ers_2"))
    third = catalog.erasures.put(replace(ERASURE, erasure_id="ers_3", object_id=OTHER))
    assert catalog.erasures.latest(GONE) == second
    assert catalog.erasures.latest("obj_none") is None
    assert catalog.erasures.unfinished() == [second, third]
    assert catalog.erasures.recent(NAMESPACE) == [third, second, first]
    assert catalog.erasures.recent("ns_other") == []


def test_forgetting_reaches_every_concern(catalog: Catalog) -> None:
    """Before, each concern names the object; afterwards none does, and what another object left is as it was."""
    fill(catalog, GONE, DOCUMENT, "btc_1", CONTENT)
    fill(catalog, OTHER, OTHER_DOCUMENT, "btc_2", OTHER_CONTENT)
    catalog.uploads.put(upload("upl_1", object_id=GONE))
    others = catalog.erasures.mentions(OTHER_SUBJECT)
    before = catalog.erasures.mentions(SUBJECT)
    assert sum(count > 0 for count in before.values()) >= 5
    catalog.erasures.forget(SUBJECT)
    after = catalog.erasures.mentions(SUBJECT)
    assert set(after.values()) == {0}
    assert catalog.erasures.mentions(OTHER_SUBJECT) == others
    assert catalog.objects.get(BUCKET, OTHER) is not None
    assert [f.error.item for f in catalog.ledger.failures(COLLECTION)] == [OTHER_DOCUMENT, OTHER]


def test_a_batch_keeps_its_place(catalog: Catalog) -> None:
    """The batch of an erased object stays, with `erased` as its member and without messages that may quote it."""
    fill(catalog, GONE, DOCUMENT, "btc_1", CONTENT)
    catalog.erasures.forget(SUBJECT)
    assert catalog.batches.object_ids(["btc_1"]) == {"btc_1": ["erased"]}
    kept = catalog.batches.get("btc_1")
    assert kept is not None
    assert kept.tiers[COLLECTION].first_error == "erased"
    assert kept.metadata == {"selection": {"object_ids": ["erased"]}}
    assert [report.first_error for report in catalog.ledger.history(COLLECTION)] == ["erased"]


def test_a_run_that_ends_after_an_erasure_quotes_nothing(catalog: Catalog) -> None:
    """What a run says at its end of a batch of which an object was erased meanwhile is kept without its messages."""
    put_object(catalog, GONE, CONTENT)
    for batch_id, member in (("btc_1", GONE), ("btc_2", OTHER)):
        catalog.batches.create(batch(batch_id), [member])
        catalog.batches.submit(batch_id)
        catalog.batches.start(batch_id, run_id="run")
    catalog.erasures.forget(SUBJECT)
    report = TierReport(COLLECTION, fetched=1, submitted=1, failed=1, first_error="quotes content")
    ended = catalog.batches.record_tiers(COLLECTION, {"btc_1": report, "btc_2": report}, run_id="run")
    assert {b: batch.tiers[COLLECTION].first_error for b, batch in ended.items()} == {
        "btc_1": "erased",
        "btc_2": "quotes content",
    }
    assert catalog.batches.get("btc_1") == ended["btc_1"]


def test_a_draft_takes_more_after_an_erasure(catalog: Catalog) -> None:
    """A draft whose members were erased can be filled on."""
    catalog.batches.create(batch("btc_1"), [GONE, OTHER, "obj_third"])
    catalog.erasures.forget(SUBJECT)
    catalog.erasures.forget(Subject(OTHER, BUCKET))
    catalog.batches.add("btc_1", ["obj_third", "obj_fourth"])
    assert {"obj_third", "obj_fourth"} <= set(catalog.batches.object_ids(["btc_1"])["btc_1"])


def test_the_object_itself_is_no_tombstone(catalog: Catalog) -> None:
    """A deleted object is still known by its id; an erased one is not, and it can be put again."""
    put_object(catalog, GONE, CONTENT)
    catalog.objects.delete(BUCKET, [GONE])
    catalog.erasures.forget(SUBJECT)
    assert catalog.erasures.mentions(SUBJECT)["catalog.objects"] == 0
    put_object(catalog, GONE, OTHER_CONTENT)
    assert catalog.objects.ids(BUCKET) == [GONE]


def test_uploads_of_its_bytes_go(catalog: Catalog) -> None:
    """An upload that became no object goes when its bytes were the object's; one that became another object stays."""
    for one in (
        upload("upl_1"),
        upload("upl_2", object_id=OTHER),
        upload("upl_3", content_hash=OTHER_CONTENT),
    ):
        catalog.uploads.put(one)
    catalog.erasures.forget(SUBJECT)
    assert [catalog.uploads.get(f"upl_{n}") is None for n in (1, 2, 3)] == [True, False, False]


def test_a_synced_file_stays_known(catalog: Catalog) -> None:
    """The path and fingerprint of a synced file stay, so that an erased object does not come back; its id does not."""
    sync = a_sync("sync_1")
    catalog.syncs.put(sync)
    file = SyncFile("a.txt", "fp", object_id=GONE, content_hash=CONTENT)
    catalog.syncs.commit(sync.sync_id, files=[file])
    catalog.erasures.forget(SUBJECT)
    (kept,) = catalog.syncs.files(sync.sync_id)
    assert (kept.path, kept.fingerprint) == ("a.txt", "fp")
    assert kept.object_id == "erased"


def test_files_of_the_erased_bytes_forget_them(catalog: Catalog) -> None:
    """Duplicates in any sync of the bucket stay known by path, without the content that would bring them back; those of
    another bucket keep theirs."""
    for name, bucket in (("sync_1", SUBJECT.bucket_id), ("sync_2", SUBJECT.bucket_id), ("sync_3", "bkt_9")):
        catalog.syncs.put(a_sync(name, bucket))
        copy = SyncFile("copy.txt", "fp", status="duplicate", content_hash=CONTENT)
        catalog.syncs.commit(name, files=[copy])
    catalog.syncs.commit("sync_1", files=[SyncFile("a.txt", "fp", object_id=GONE, content_hash=CONTENT)])
    catalog.erasures.forget(SUBJECT)
    kept = {
        name: [one.content_hash for one in catalog.syncs.files(name)]
        for name in ("sync_1", "sync_2", "sync_3")
    }
    assert kept == {"sync_1": ["", ""], "sync_2": [""], "sync_3": [CONTENT]}
    assert catalog.syncs.holders(SUBJECT.bucket_id, {CONTENT}) == set()


def test_contents_are_released_with_the_change(catalog: Catalog) -> None:
    """What an object stops using by an update or a deletion is remembered; what it keeps is not."""
    put_object(catalog, GONE, CONTENT, "c" * 64)
    assert catalog.erasures.released() == set()
    put_object(catalog, GONE, "c" * 64, "d" * 64)
    assert catalog.erasures.released(object_id=GONE) == {CONTENT}
    catalog.objects.delete(BUCKET, [GONE])
    assert catalog.erasures.released(object_id=GONE) == {CONTENT, "c" * 64, "d" * 64}
    assert catalog.erasures.released(object_id=OTHER) == set()
    assert catalog.erasures.released(before=0.0) == set()
    catalog.erasures.forget_released({CONTENT})
    assert catalog.erasures.released(before=time.time() + 1) == {"c" * 64, "d" * 64}


def test_contents_in_use_are_told(catalog: Catalog) -> None:
    """A content is in use as long as an object or an upload names it; having been released does not count."""
    put_object(catalog, GONE, CONTENT)
    put_object(catalog, OTHER, CONTENT)
    catalog.uploads.put(upload("upl_1", content_hash=OTHER_CONTENT, object_id=OTHER))
    assert catalog.erasures.in_use({CONTENT, OTHER_CONTENT, "c" * 64}) == {CONTENT, OTHER_CONTENT}
    many = {f"{number:064x}" for number in range(50)}
    assert catalog.erasures.in_use({CONTENT, OTHER_CONTENT, *many}) == {CONTENT, OTHER_CONTENT}
    catalog.objects.delete(BUCKET, [GONE])
    assert catalog.erasures.in_use({CONTENT}) == {CONTENT}
    catalog.objects.delete(BUCKET, [OTHER])
    assert catalog.erasures.in_use({CONTENT}) == set()


def test_a_catalog_can_be_wiped(catalog: Catalog) -> None:
    """Wiping changes no row and says what it covers."""
    put_object(catalog, OTHER, CONTENT)
    assert catalog.erasures.wipe()
    assert catalog.objects.ids(BUCKET) == [OTHER]


def test_the_file_of_a_catalog_holds_nothing_of_it(tmp_path: Path) -> None:
    """What was deleted is still in the bytes of the file and its log; after forgetting and wiping it is not."""
    catalog = open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    for number in range(50):
        put_object(catalog, f"obj_{number:024x}", f"{number:064x}")
    put_object(catalog, GONE, CONTENT)
    catalog.objects.delete(BUCKET, [GONE])
    with sqlite3.connect(tmp_path / "catalog.db") as other:
        other.execute("PRAGMA wal_checkpoint(FULL)")
    other.close()

    def held() -> bool:
        return any(
            b'{"secret":"' + GONE.encode() in path.read_bytes() for path in tmp_path.glob("catalog.db*")
        )

    assert held()
    catalog.erasures.forget(SUBJECT)
    catalog.erasures.wipe()
    assert not held()
    assert len(catalog.objects.ids(BUCKET)) == 50
    catalog.close()


def test_an_id_is_no_pattern(catalog: Catalog) -> None:
    """Signs that mean something in a pattern mean themselves in an id."""
    put_object(catalog, OTHER, CONTENT)
    assert catalog.erasures.mentions(Subject("obj_%", BUCKET))["catalog.objects"] == 0
