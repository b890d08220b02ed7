"""The contract of `MeasurementCatalog`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.spending.measurement import Measurement
from mixpeek_orchestration.core.spending.prices import Amount

RUN = Measurement(
    namespace_id="ns_one",
    collection_id="col_one",
    extractor="words",
    version="v1",
    code_fp="code",
    runner="ray_data",
    items=100,
    total=Amount(10.0, 8.0, 0.5, 0.25),
    start=Amount(2.0, 1.0),
    usd=0.5,
    expected=Amount(9.0),
    foreseen_usd=0.4,
    basis="2 runs",
    run_id="run_1",
)


def test_a_measurement_is_read_as_it_was_kept(catalog: Catalog) -> None:
    """Every field survives, also where nothing is known; the time is filled in."""
    kept = catalog.measurements.keep(RUN)
    bare = catalog.measurements.keep(replace(RUN, start=None, expected=None, foreseen_usd=None))
    assert kept == replace(RUN, created_at=kept.created_at)
    assert kept.created_at
    assert catalog.measurements.of_collection("col_one") == [bare, kept]


def test_the_newest_come_first_by_collection_extractor_and_run(catalog: Catalog) -> None:
    """One extractor is measured in several collections, one run over several collections, possibly twice."""
    first = catalog.measurements.keep(RUN)
    other = catalog.measurements.keep(replace(RUN, collection_id="col_two"))
    again = catalog.measurements.keep(replace(RUN, items=7))
    catalog.measurements.keep(replace(RUN, extractor="others", collection_id="col_three"))
    catalog.measurements.keep(replace(RUN, namespace_id="ns_two", collection_id="col_four"))
    assert catalog.measurements.of_extractor("ns_one", "words") == [again, other, first]
    assert catalog.measurements.of_extractor("ns_one", "words", limit=1) == [again]
    assert catalog.measurements.of_collection("col_one", limit=1) == [again]
    assert catalog.measurements.of_run("run_1", "col_one") == again
    assert catalog.measurements.of_run("run_2", "col_one") is None


def test_what_was_spent_is_summed_from_a_moment_on(catalog: Catalog) -> None:
    """Only the runs of the namespace, and only those since then; nothing at all is nothing."""
    for usd, created_at in ((1.0, "2026-10-31T23:59:59+00:00"), (2.0, "2026-11-01T00:00:00+00:00")):
        catalog.measurements.keep(replace(RUN, usd=usd, created_at=created_at))
    catalog.measurements.keep(replace(RUN, namespace_id="ns_two", usd=8.0))
    assert catalog.measurements.spent("ns_one", since="2026-11-01T00:00:00+00:00") == pytest.approx(2.0)
    assert catalog.measurements.spent("ns_one", since="2026-10-01T00:00:00+00:00") == pytest.approx(3.0)
    assert catalog.measurements.spent("ns_three", since="2026-10-01T00:00:00+00:00") == 0.0


def test_past_ones_are_forgotten_by_number(catalog: Catalog) -> None:
    """Of all namespaces, oldest first; what came later stays, and forgetting twice changes nothing."""
    old = "2026-10-31T23:59:59.000000+00:00"
    first = catalog.measurements.keep(replace(RUN, created_at=old))
    second = catalog.measurements.keep(replace(RUN, created_at=old, namespace_id="ns_two"))
    later = catalog.measurements.keep(replace(RUN, created_at="2026-11-01T00:00:00.000000+00:00"))
    past = catalog.measurements.past("2026-11-01T00:00:00.000000+00:00")
    assert list(past.values()) == [first, second]
    for _ in range(2):
        catalog.measurements.forget([*past][:1])
        catalog.measurements.forget([])
        assert list(catalog.measurements.past("2027").values()) == [second, later]
        assert catalog.measurements.of_collection("col_one") == [later, second]
