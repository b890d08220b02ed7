"""The contract of `ReservationCatalog`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from mixpeek_orchestration.core.errors import OverBudget
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.reservations import ReservationCatalog
from mixpeek_orchestration.core.spending.reservation import Reservation
from mixpeek_orchestration.stores.catalog import open_catalog

ONE = Reservation("run:one", "ns_one", 1.0, since=1.0)
TWO = Reservation("batch:two", "ns_one", 2.0, since=2.0)


@pytest.fixture
def reservations(catalog: Catalog) -> ReservationCatalog:
    """The reservations of an empty catalog."""
    return catalog.reservations


def _anyone(_: list[Reservation]) -> None:
    return None


def test_reservations_are_read_by_namespace(reservations: ReservationCatalog) -> None:
    """Oldest first, as they were made; one without a date is dated, and nothing is not kept."""
    reservations.make(TWO, _anyone)
    reservations.make(ONE, _anyone)
    other = reservations.make(Reservation("run:three", "ns_two", 4.0), _anyone)
    reservations.make(Reservation("run:four", "ns_two", 0.0), _anyone)
    assert reservations.of("ns_one") == [ONE, TWO]
    assert reservations.of("ns_two") == [other]
    assert other.since > 0.0


def test_a_holder_has_one_reservation_and_is_not_shown_its_own(reservations: ReservationCatalog) -> None:
    """What takes its place, and whose place it takes, count not against it; everybody else's does."""
    for made in (ONE, TWO):
        reservations.make(made, _anyone)
    shown: list[Reservation] = []
    run = Reservation("run:of-two", "ns_one", 3.0, since=3.0)
    reservations.make(run, shown.extend, instead_of=[TWO.holder])
    assert shown == [ONE]
    again = reservations.make(replace(run, usd=5.0), shown.extend)
    assert shown == [ONE, ONE]
    assert reservations.of("ns_one") == [ONE, again]


def test_a_refusal_leaves_everything_as_it_was(reservations: ReservationCatalog) -> None:
    """Whoever may not have more keeps what it had."""
    reservations.make(ONE, _anyone)

    def refuse(_: list[Reservation]) -> None:
        raise OverBudget("no")

    with pytest.raises(OverBudget):
        reservations.make(replace(ONE, usd=9.0), refuse, instead_of=["batch:one"])
    assert reservations.of("ns_one") == [ONE]


def test_a_reservation_is_used_up_and_released(reservations: ReservationCatalog) -> None:
    """What is left of it stays; what was released, or replaced by nothing, does not come back."""
    reservations.make(ONE, _anyone)
    reservations.reduce(replace(ONE, usd=0.25))
    assert reservations.of("ns_one") == [replace(ONE, usd=0.25)]
    reservations.reduce(replace(ONE, usd=0.0))
    reservations.reduce(replace(ONE, usd=0.5))
    assert reservations.of("ns_one") == []
    reservations.make(TWO, _anyone)
    assert reservations.release(TWO.holder)
    assert not reservations.release(TWO.holder)


def test_of_two_that_reserve_at_once_the_second_one_sees_the_first(reservations: ReservationCatalog) -> None:
    """While one decides, the other waits: both never see an empty till."""
    deciding, decide = threading.Event(), threading.Event()
    seen: dict[str, list[str]] = {}

    def first(others: list[Reservation]) -> None:
        seen["first"] = [one.holder for one in others]
        deciding.set()
        assert decide.wait(60)

    def second(others: list[Reservation]) -> None:
        seen["second"] = [one.holder for one in others]

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(reservations.make, ONE, first)
        assert deciding.wait(60)
        two = pool.submit(reservations.make, TWO, second)
        assert "second" not in seen
        decide.set()
        one.result(60)
        two.result(60)
    assert seen == {"first": [], "second": [ONE.holder]}


def test_of_many_that_want_the_same_money_one_gets_it(catalog_url: str) -> None:
    """Each with a connection of its own, as processes have."""
    start = threading.Barrier(8)
    opened = [open_catalog(catalog_url) for _ in range(8)]

    def wants(number: int) -> bool:
        start.wait(60)
        try:
            opened[number].reservations.make(Reservation(f"run:{number}", "ns", 1.0), _none_but_me)
        except OverBudget:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(wants, range(8)))
    assert passed.count(True) == 1
    assert len(opened[0].reservations.of("ns")) == 1
    for catalog in opened:
        catalog.close()


def _none_but_me(others: list[Reservation]) -> None:
    if others:
        raise OverBudget("taken")
