"""What runs are expected to take, from what earlier ones took: arithmetic on made-up runs."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.measurement import Mark, Measurement, rate_of, start_of
from mixpeek_orchestration.core.prices import Amount


def _run(items: int, wall: float, *, start: float | None = None, **more: str) -> Measurement:
    said = {"collection_id": "here", "code_fp": "now", "runner": "ray", "extractor": "words", **more}
    begun = None if start is None else Amount(start)
    return Measurement("ns", version="v1", items=items, total=Amount(wall), start=begun, **said)


def _expected(history: list[Measurement], items: int) -> float:
    rate = rate_of(history, collection_id="here", extractor="words", code_fp="now", runner="ray")
    assert rate is not None
    return rate.of(items).wall_s


def test_the_start_of_a_run_is_told_apart_by_its_pace() -> None:
    """Five seconds of start and 10 ms an item are found from the marks of one run, also when one pause was long."""
    marks = [Mark(n, Amount(5.0 + n * 0.01)) for n in range(16, 500, 16)]
    total = Amount(marks[-1].amount.wall_s)
    found = start_of(marks, total)
    assert found is not None
    assert found.wall_s == pytest.approx(5.0)
    assert start_of(marks[:1], total) is None, "one mark shows no pace"

    paused = [Mark(m.items, m.amount + Amount(3.0 if m.items > 300 else 0.0)) for m in marks]
    slow = start_of(paused, paused[-1].amount)
    assert slow is not None
    assert slow.wall_s < total.wall_s


def test_a_sample_foresees_a_large_run() -> None:
    """After one run of 100 items, 20,000 are foreseen within a tenth: the start is not multiplied."""
    assert _expected([_run(100, 6.0, start=5.0)], 20_000) == pytest.approx(5.0 + 20_000 * 0.01, rel=0.1)


def test_two_runs_of_different_sizes_make_a_line() -> None:
    """Where no run could tell its start, runs of other sizes do."""
    assert _expected([_run(1_000, 15.0), _run(100, 6.0)], 20_000) == pytest.approx(205.0, rel=0.01)


def test_one_run_on_a_busy_machine_moves_nothing() -> None:
    """Medians: an outlier among three runs does not count."""
    usual = [_run(100, 1.0, start=0.0), _run(120, 1.2, start=0.0)]
    assert _expected([_run(110, 40.0, start=0.0), *usual], 1_000) == pytest.approx(10.0)


def test_runs_of_the_same_code_come_first_then_those_of_this_collection() -> None:
    """The basis is the nearest one that there is, and it is named; other extractors count nothing."""
    elsewhere = _run(10, 1.0, collection_id="there")
    earlier = _run(10, 2.0, code_fp="before")
    old_elsewhere = _run(10, 3.0, code_fp="before", collection_id="there")
    foreign = _run(10, 9.0, extractor="others")
    ladder = [
        ("this code here", _run(10, 0.5)),
        ("this code elsewhere", elsewhere),
        ("earlier code here", earlier),
        ("this extractor elsewhere", old_elsewhere),
    ]
    for position, (basis, run) in enumerate(ladder):
        known = [foreign, *[one for _, one in reversed(ladder[position:])]]
        rate = rate_of(known, collection_id="here", extractor="words", code_fp="now", runner="ray")
        assert rate is not None
        assert rate.basis == basis
        assert rate.of(10).wall_s == pytest.approx(run.total.wall_s)
    assert rate_of([foreign], collection_id="here", extractor="words", code_fp="now", runner="ray") is None


def test_runs_on_the_same_runner_are_preferred() -> None:
    """What a cluster takes says little about one process, but more than nothing."""
    here, other = _run(10, 1.0), _run(10, 7.0, runner="in_process")
    assert _expected([other, here], 10) == pytest.approx(1.0)
    assert _expected([other], 10) == pytest.approx(7.0)


def test_nothing_takes_nothing() -> None:
    """No item, no start."""
    assert _expected([_run(100, 6.0, start=5.0)], 0) == 0.0
