"""Two runs on one budget: what one may spend the other cannot, from its admission to its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from assets_tests.unit.estimates.conftest import ITEM_USD, House
from assets_tests.unit.warehouse.lab import PACKAGES, Lab
from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.core.errors import OverBudget
from mixpeek_orchestration.core.ports.extraction import ExtractionJob
from mixpeek_orchestration.core.spending.budget import SpendBudget
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.specs import BucketSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

_RESERVE_AND_WAIT = """
import sys, threading
from mixpeek_orchestration.core.spending.reservation import Reservation
from mixpeek_orchestration.stores.catalog import open_catalog
from mixpeek_orchestration.warehouse.runs.runs import Runs
catalog = open_catalog(sys.argv[1])
with Runs(catalog.leases).hold("other") as holder:
    catalog.reservations.make(Reservation(holder, sys.argv[2], float(sys.argv[3])), lambda _: None)
    print("reserved", flush=True)
    threading.Event().wait()
"""


@pytest.fixture
def measured(house: House) -> House:
    """An item costs a cent, two texts have run through all tiers (10 items), and another dime is left."""
    ids = [house.put(f"k{n}", f"alpha {n}\nbeta {n}") for n in range(2)]
    house.run_batch(house.warehouse.batches.submit(house.bucket, house.batch(ids).batch_id))
    _leave(house, 0.10)
    return house


def _leave(house: House, usd: float) -> None:
    """So much of the budget is neither spent nor reserved by anybody."""
    spent = house.warehouse.spending.spent(house.namespace_id)[1]
    house.warehouse.spending.set_budget(house.namespace_id, SpendBudget(monthly_usd=spent + usd))


def _two_texts(house: House, name: str) -> list[str]:
    return [house.put(f"{name}{n}", f"{name} {n}\nmore {n}") for n in range(2)]


def _reserved(house: House) -> float:
    return sum(one.usd for one in house.warehouse.spending.reservations.of(house.namespace_id))


def test_a_submitted_batch_has_its_money_until_its_run_takes_over(measured: House) -> None:
    """A second batch is refused at the door, told who has the money; when the first has run, it costs what it did."""
    first, second = (measured.batch(_two_texts(measured, name)) for name in ("one", "two"))
    submit = measured.warehouse.batches.submit
    submit(measured.bucket, first.batch_id)
    assert _reserved(measured) == pytest.approx(0.10)
    with pytest.raises(OverBudget) as caught:
        submit(measured.bucket, second.batch_id)
    assert caught.value.context["reserved_usd"] == pytest.approx(0.10)
    assert f"reserved for batch {first.batch_id}" in caught.value.message

    assert measured.run_batch(first).status == "COMPLETED"
    assert _reserved(measured) == 0.0
    _leave(measured, 0.10)
    assert submit(measured.bucket, second.batch_id).status == "PENDING"


def test_a_canceled_batch_gives_its_money_back(measured: House) -> None:
    """At once, before anything has run."""
    batch = measured.batch(_two_texts(measured, "one"))
    measured.warehouse.batches.submit(measured.bucket, batch.batch_id)
    measured.warehouse.batches.cancel(measured.bucket, batch.batch_id)
    assert _reserved(measured) == 0.0


def test_a_run_keeps_what_its_later_tiers_will_cost(measured: House) -> None:
    """Between two tiers what is left of the reservation is held by the run's lease; it goes with the run."""
    batch = measured.batch(_two_texts(measured, "one"))
    measured.warehouse.batches.submit(measured.bucket, batch.batch_id)
    with measured.warehouse.runs.hold("r"):
        for collection, left in ((measured.lines, 8), (measured.words, 4), (measured.again, 0)):
            measured.warehouse.materialize(collection.collection_id, [batch.batch_id], run_id="r")
            assert _reserved(measured) == pytest.approx(left * ITEM_USD)


def test_the_rest_goes_with_the_run(measured: House) -> None:
    """A run that ends, however early, leaves no reservation."""
    batch = measured.batch(_two_texts(measured, "one"))
    measured.warehouse.batches.submit(measured.bucket, batch.batch_id)
    with measured.warehouse.runs.hold("r"):
        measured.warehouse.materialize(measured.lines.collection_id, [batch.batch_id], run_id="r")
    assert measured.warehouse.catalog.reservations.of(measured.namespace_id) == []


def test_a_run_that_fails_gives_its_money_back(measured: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it took is spent, the rest is free again."""
    batch = measured.batch(_two_texts(measured, "one"))
    measured.warehouse.batches.submit(measured.bucket, batch.batch_id)

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(measured.warehouse.documents, "commit", broken)
    with measured.warehouse.runs.hold("r"), pytest.raises(OSError, match="disk full"):
        measured.warehouse.materialize(measured.lines.collection_id, [batch.batch_id], run_id="r")
    assert measured.warehouse.catalog.reservations.of(measured.namespace_id) == []


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Lab]:
    """On SQLite, for threads and processes: two collections at a cent an item, each measured by one item."""
    packages = tmp_path / "packages"
    shutil.copytree(PACKAGES, packages)
    settings = Settings(
        home=tmp_path / "home",
        extractor_paths=str(packages),
        price_cpu_hour=0,
        price_gpu_hour=0,
        price_items={"word_vectors": ITEM_USD},
    )
    warehouse = open_warehouse(settings, local=True)
    schema = {"properties": {"body": {"type": "text"}, "title": {"type": "string"}}}
    namespace = warehouse.ensure_namespace("default")
    bucket = warehouse.buckets.create(namespace, BucketSpec(bucket_name="texts", bucket_schema=schema))
    lab = Lab(warehouse, bucket, packages)
    for name in ("left", "right"):
        lab.run(lab.collection(name))
    lab.put("first", "alpha")
    for name in ("left", "right"):
        lab.run(lab.warehouse.collections.get(namespace, name))
    yield lab
    warehouse.close()


def test_of_two_runs_that_start_at_once_one_passes(estate: Lab) -> None:
    """Two threads stand between their plan and their job, each of them within the budget; together they are not."""
    estate.put("second", "beta")
    spent = estate.warehouse.spending.spent(estate.namespace_id)[1]
    estate.warehouse.spending.set_budget(estate.namespace_id, SpendBudget(monthly_usd=spent + 1.5 * ITEM_USD))
    start, refused = threading.Barrier(2), threading.Barrier(2)
    told: list[OverBudget] = []

    def job_once_both_are_in(planned: Planned) -> ExtractionJob:
        # Nobody settles before the other was refused: that is what "at once" means.
        refused.wait(60)
        return estate.warehouse.parts.make_job(planned)

    def run(name: str) -> str:
        house = Warehouse(replace(estate.warehouse.parts, make_job=job_once_both_are_in))
        collection = house.collections.get(estate.namespace_id, name)
        start.wait(60)
        try:
            [report] = house.materialize(collection.collection_id, None, run_id=name).values()
        except OverBudget as error:
            told.append(error)
            refused.wait(60)
            return "refused"
        return report.outcome

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, ("left", "right"))) == ["COMPLETED", "refused"]
    assert told[0].context["reserved_usd"] == pytest.approx(ITEM_USD)
    assert "reserved for run" in told[0].message
    after = estate.warehouse.spending.spent(estate.namespace_id)[1]
    assert after == pytest.approx(spent + ITEM_USD)


def test_the_death_of_a_run_frees_what_it_had_reserved(estate: Lab, tmp_path: Path) -> None:
    """Another process holds the money; after `kill -9` it counts no more, although its row is still there."""
    collection = estate.warehouse.collections.get(estate.namespace_id, "left")
    estate.put("second", "beta")
    spent = estate.warehouse.spending.spent(estate.namespace_id)[1]
    estate.warehouse.spending.set_budget(estate.namespace_id, SpendBudget(monthly_usd=spent + ITEM_USD))
    url = Settings(home=tmp_path / "home").catalog
    process = subprocess.Popen(
        [sys.executable, "-c", _RESERVE_AND_WAIT, url, estate.namespace_id, str(ITEM_USD)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "reserved\n"
        with pytest.raises(OverBudget, match="reserved for run other"):
            estate.run(collection)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert estate.run(collection).outcome == "COMPLETED"

    [dead] = estate.warehouse.runs.dead()
    assert len(estate.warehouse.catalog.reservations.of(estate.namespace_id)) == 1
    estate.warehouse.runs.bury(dead)
    assert estate.warehouse.catalog.reservations.of(estate.namespace_id) == []
