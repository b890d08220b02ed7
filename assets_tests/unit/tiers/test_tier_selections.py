"""Selections: a run extracts what was selected, and leaves everything else as it was."""

from __future__ import annotations

from typing import Any

import pytest

from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import InvalidInput, NotFound
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.core.selection import METADATA, Selection


@pytest.fixture
def bucket(lab: TierLab) -> Bucket:
    return lab.bucket("texts")


@pytest.fixture
def chain(lab: TierLab, bucket: Bucket) -> list[Collection]:
    top = lab.collection("top", [bucket])
    chain = [top, lab.collection("below", [top], "upper")]
    for number in range(6):
        lab.put(bucket, str(number), f"text {number}", title="even" if number % 2 == 0 else "odd")
    lab.process(bucket)
    return chain


def run_selected(lab: TierLab, bucket: Bucket, selection: Selection, **said: Any) -> dict[str, TierReport]:
    batch = lab.submit(bucket, metadata={METADATA: selection.as_metadata()}, **said)
    return lab.run(batch)


def test_only_what_is_stale_for_a_reason_runs(lab: TierLab, bucket: Bucket, chain: list[Collection]) -> None:
    """An object that was edited and one that is new: with `reasons` only one of them runs, and the account balances."""
    lab.put(bucket, "0", "edited")
    lab.put(bucket, "new", "another")
    reports = run_selected(lab, bucket, Selection(reasons=("new",)))
    assert (reports["top"].fetched, reports["top"].submitted, reports["top"].deleted) == (1, 1, 0)
    assert len(lab.rows(chain[0])) == 7
    assert lab.warehouse.plan(chain[0].collection_id).plan.reasons() == {"input_changed": 1}


def test_later_tiers_run_what_has_changed_for_them(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """A selection means some collections; the others of the batch run what the wave brings them."""
    lab.put(bucket, "0", "edited", title="even")
    selection = Selection(reasons=("input_changed",), collection_ids=(chain[0].collection_id,))
    reports = run_selected(lab, bucket, selection)
    assert (reports["top"].fetched, reports["top"].written) == (1, 1)
    assert (reports["below"].fetched, reports["below"].written, reports["below"].unchanged) == (6, 1, 5)


def test_forcing_one_batch_does_not_force_its_neighbour(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """In one run over two batches each gets what it asked for."""
    ids = lab.warehouse.catalog.objects.ids(bucket.bucket_id)
    forced = lab.submit(bucket, ids[:2], metadata={METADATA: Selection(force=True).as_metadata()})
    plain = lab.submit(bucket, ids[2:])
    names = [forced.batch_id, plain.batch_id]
    reports = lab.warehouse.materialize(chain[0].collection_id, names, run_id="run")
    assert [(reports[name].submitted, reports[name].unchanged) for name in names] == [(2, 0), (0, 4)]
    assert reports[forced.batch_id].reasons == {"forced": 2}


def test_an_object_in_two_batches_is_in_both_accounts(
    lab: TierLab, bucket: Bucket, chain: list[Collection]
) -> None:
    """What one batch does not select, the other may: both balance, and the item runs once."""
    lab.put(bucket, "0", "edited")
    ids = lab.warehouse.catalog.objects.ids(bucket.bucket_id)
    narrow = lab.submit(bucket, ids[:3], metadata={METADATA: Selection(reasons=("new",)).as_metadata()})
    wide = lab.submit(bucket, ids[:2])
    names = [narrow.batch_id, wide.batch_id]
    reports = lab.warehouse.materialize(chain[0].collection_id, names, run_id="run")
    assert [(reports[name].fetched, reports[name].written) for name in names] == [(0, 0), (2, 1)]


@pytest.mark.parametrize(
    ("selection", "roots"),
    [
        (Selection(filters={"title": "odd"}), 3),
        (Selection(filters={"title": "nobody's"}), 0),
        (Selection(limit=2, force=True), 2),
        (Selection(sample=4, force=True), 4),
        (Selection(filters={"title": "odd"}, limit=2, force=True), 2),
    ],
)
def test_a_plan_of_a_selection(
    lab: TierLab, chain: list[Collection], selection: Selection, roots: int
) -> None:
    """Filters look at the objects that a collection comes from, in every tier; nothing else is planned."""
    for collection in chain:
        plan = lab.warehouse.plan(collection.collection_id, selection=selection).plan
        assert plan.frame["root_object"].n_unique() == roots
        assert plan.count("delete") == 0
        assert plan.count("extract") == (roots if selection.force else 0)


def test_filters_that_cannot_be_read_are_refused(lab: TierLab, chain: list[Collection]) -> None:
    """Before anything is planned, with the part that is wrong."""
    with pytest.raises(InvalidInput) as refused:
        lab.warehouse.plan(
            chain[0].collection_id, selection=Selection(filters={"AND": [{"field": "a", "operator": "x"}]})
        )
    assert refused.value.field == "filters.AND.0.operator"


def test_deleting_goes_on_in_a_selected_run(lab: TierLab, bucket: Bucket, chain: list[Collection]) -> None:
    """Documents of an object that is gone stay while they are not selected, and go when all is."""
    gone = lab.warehouse.catalog.objects.ids(bucket.bucket_id)[0]
    lab.warehouse.catalog.objects.delete(bucket.bucket_id, [gone])
    run_selected(lab, bucket, Selection(reasons=("new",)))
    assert len(lab.rows(chain[0])) == 6
    report = lab.warehouse.materialize(chain[0].collection_id, None, run_id="run")[""]
    assert (report.deleted, len(lab.rows(chain[0]))) == (1, 5)


def test_a_batch_that_is_not_there(lab: TierLab, chain: list[Collection]) -> None:
    """Planning for it names it."""
    with pytest.raises(NotFound, match="no batch 'btch_none'"):
        lab.warehouse.plan(chain[0].collection_id, ["btch_none"])
