"""Erasing while others write: nothing of the object is there after the proof, whatever was under way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from assets_tests.unit.erasure.conftest import Place, everywhere
from assets_tests.unit.erasure.test_erasure import SECRET, bucket, found
from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.erasure import Erasure, unproved
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.warehouse.specs import ExtractorSpec

__all__ = ["bucket"]


class Held:
    """Inside the block, the first call of a method whose arguments fit stops before it does anything, until it is opened."""

    def __init__(self, owner: Any, name: str, *, of: Callable[..., bool] = lambda *_, **__: True) -> None:
        self._owner, self._name, self._of = owner, name, of
        self._real = getattr(owner, name)
        self._reached, self._opened = threading.Event(), threading.Event()

    def __enter__(self) -> Held:
        setattr(self._owner, self._name, self._call)
        return self

    def __exit__(self, *_: object) -> None:
        self.open()
        setattr(self._owner, self._name, self._real)

    def wait_for(self) -> None:
        """Somebody stands there."""
        assert self._reached.wait(120)

    def open(self) -> None:
        self._opened.set()

    def _call(self, *arguments: Any, **options: Any) -> Any:
        if not self._reached.is_set() and self._of(*arguments, **options):
            self._reached.set()
            assert self._opened.wait(120)
        return self._real(*arguments, **options)


@contextmanager
def beside(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """The work in a thread of its own, whose result is there after the block; raises what it raised."""
    told: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            told.append(work())
        except BaseException as error:  # noqa: BLE001 - raised below, where the test sees it
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield told
    finally:
        thread.join()
    if errors:
        raise errors[0]


def tiers(lab: TierLab, bucket: Bucket) -> tuple[str, Collection, Collection]:
    """Two tiers over a few objects, one with the secret."""
    upper = lab.collection("upper", [bucket])
    lower = lab.collection("lower", [upper])
    for number in range(3):
        lab.put(bucket, f"file_{number}", f"some words {number}")
    secret = lab.put(bucket, "secret", SECRET)
    lab.process(bucket)
    return secret, upper, lower


def migration(lab: TierLab, collection: Collection) -> Migration:
    """A new generation, with the batch that fills it submitted."""
    spec = ExtractorSpec(feature_extractor_name="toy", version="v1", parameters={"mode": "first"})
    return lab.warehouse.migrations.start(collection, spec)


def run_pending(lab: TierLab) -> None:
    for batch in reversed(lab.warehouse.catalog.batches.recent(statuses={"PENDING"})):
        lab.run(batch)


def assert_gone(lab: TierLab, place: Place, erasure: Erasure, secret: str, *tables: str) -> None:
    assert erasure.is_completed
    assert unproved(erasure) == []
    for table in tables:
        assert sum(t.found for t in lab.warehouse.documents.upkeep.traces(table, secret)) == 0
    assert place.holding(SECRET) == []


@everywhere
@pytest.mark.parametrize("tier", [0, 1])
def test_a_fill_that_has_read_the_object(lab: TierLab, bucket: Bucket, place: Place, tier: int) -> None:
    """A migration's fill holds the object's rows and is about to commit them when the erasure begins: the erasure waits
    for its commit, and takes it out of the new generation too; the next run writes nothing of it."""
    secret, *collections = tiers(lab, bucket)
    begun = migration(lab, collections[tier])
    documents, erasures = lab.warehouse.documents, lab.warehouse.erasures
    gate = Held(documents, "commit", of=lambda table, *_, **__: table == begun.to_generation)
    with gate, beside(lambda: run_pending(lab)):
        gate.wait_for()
        deleted = Held(lab.warehouse.catalog.erasures, "put", of=lambda e: bool(e.attempts))
        with deleted, beside(lambda: erasures.erase(bucket, secret)) as told:
            deleted.wait_for()
            deleted.open()
            gate.open()
    (erasure,) = told
    proof = erasure.proof_of(begun.to_generation)
    assert proof is not None
    assert proof.found_before >= 1
    lab.warehouse.migrations.resume(collections[tier])
    run_pending(lab)
    assert_gone(lab, place, erasure, secret, begun.to_generation)
    assert erasure.attempts == 1


def test_a_generation_that_is_begun_meanwhile(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """While the erasure looks at the first tier a migration of the second begins, and is filled from what the first still
    has: its table is found and rewritten as well, in the same attempt."""
    secret, _, lower = tiers(lab, bucket)
    upkeep = lab.warehouse.documents.upkeep
    gate = Held(upkeep, "traces")
    with gate, beside(lambda: lab.warehouse.erasures.erase(bucket, secret)) as told:
        gate.wait_for()
        begun = migration(lab, lower)
        run_pending(lab)
        gate.open()
    (erasure,) = told
    proof = erasure.proof_of(begun.to_generation)
    assert proof is not None
    assert proof.found_before >= 1
    assert_gone(lab, place, erasure, secret, begun.to_generation)
    assert erasure.attempts == 1


def test_a_backfill_that_waits_for_the_table(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """A run over the whole collection that waits while a table is rewritten plans after it, without the object."""
    secret, upper, lower = tiers(lab, bucket)
    lab.edit("processors/changing.py", lambda code: code.replace("return [text]\n", "return [text + '!']\n"))
    upkeep, warehouse = lab.warehouse.documents.upkeep, lab.warehouse

    def backfill() -> None:
        for collection in (upper, lower):
            warehouse.materialize(collection.collection_id, None, run_id="backfill")

    with Held(upkeep, "purge") as gate, beside(lambda: warehouse.erasures.erase(bucket, secret)) as told:
        gate.wait_for()
        with beside(backfill):
            gate.open()
    (erasure,) = told
    assert found(lab, upper, secret) == found(lab, lower, secret) == 0
    assert_gone(lab, place, erasure, secret)
    assert len(lab.rows(upper)) == len(lab.rows(lower)) == 3


def test_a_run_that_ends_after_the_proof_quotes_nothing(lab: TierLab, bucket: Bucket, place: Place) -> None:
    """A run whose extraction of the object failed, with a message that quotes it, says so at its very end: after the
    proof the message is no longer kept."""
    quoting = "raise ValueError(batch['data'].iloc[0])"
    lab.edit("processors/core.py", lambda code: code.replace('raise ValueError("a poisoned row")', quoting))
    lab.collection("upper", [bucket])
    secret = lab.put(bucket, "secret", f"POISON {SECRET}")
    batch = lab.submit(bucket, [secret])
    with Held(lab.warehouse.catalog.batches, "record_tiers") as gate, beside(lambda: lab.run(batch)):
        gate.wait_for()
        erasure = lab.warehouse.erasures.erase(bucket, secret)
        gate.open()
    assert lab.batch(batch).status == "FAILED"
    assert lab.batch(batch).error == "erased"
    assert_gone(lab, place, erasure, secret)
