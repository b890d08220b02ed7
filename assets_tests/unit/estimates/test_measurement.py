"""What runs are expected to take, from what earlier ones took: arithmetic on made-up runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpeek_orchestration.core.spending.measurement import Mark, Measurement, pace_of, rate_of, start_of
from mixpeek_orchestration.core.spending.prices import Amount


def _run(items: int, wall: float, *, start: float | None = None, **more: str) -> Measurement:
    said = {"collection_id": "here", "code_fp": "now", "runner": "ray", "extractor": "words", **more}
    begun = None if start is None else Amount(start)
    return Measurement("ns", version="v1", items=items, total=Amount(wall), start=begun, **said)


def _alike(group_s: float, item_s: float) -> int:
    """Groups as large as those in the marks."""
    del group_s, item_s
    return 16


def _expected(history: list[Measurement], items: int) -> float:
    rate = rate_of(history, collection_id="here", extractor="words", code_fp="now", runner="ray")
    assert rate is not None
    return rate.of(items).wall_s


def test_the_start_of_a_run_is_told_apart_by_its_pace() -> None:
    """Five seconds of start and 10 ms an item are found from the marks of one run, also when one pause was long."""
    marks = [Mark(n, Amount(5.0 + n * 0.01)) for n in range(16, 500, 16)]
    total = Amount(marks[-1].amount.wall_s)
    found = start_of(marks, total, _alike)
    assert found is not None
    assert found.wall_s == pytest.approx(5.0)
    assert start_of(marks[:1], total, _alike) is None, "one mark shows no pace"

    paused = [Mark(m.items, m.amount + Amount(3.0 if m.items > 300 else 0.0)) for m in marks]
    slow = start_of(paused, paused[-1].amount, _alike)
    assert slow is not None
    assert slow.wall_s < total.wall_s


ITEM, GROUP, START = Amount(0.005, 0.00015), Amount(0.005, 0.005), Amount(0.1, 0.02)


def _marks(sizes: list[int], *, commit_every: int = 10**6, commit: float = 0.0) -> list[Mark]:
    """The marks of a run that finishes groups of these sizes, and pauses for commits."""
    items, amount, marks = 0, START, []
    for size in sizes:
        paused = Amount(commit if (items + size) // commit_every > items // commit_every else 0.0)
        items, amount = items + size, amount + GROUP + ITEM * size + paused
        marks.append(Mark(items, amount))
    return marks


def _grown(items: int) -> list[int]:
    """Groups that double from 16 to as many as take half a second."""
    sizes, size = [], 16
    while items > 0:
        sizes.append(min(size, items))
        items, size = items - sizes[-1], min(2 * size, _half_a_second(GROUP.wall_s, ITEM.wall_s))
    return sizes


def _half_a_second(group_s: float, item_s: float) -> int:
    return round((0.5 - group_s) / item_s)


def _measured(marks: list[Mark]) -> Measurement:
    total = marks[-1].amount
    return replace(_run(marks[-1].items, 0.0), total=total, start=start_of(marks, total, _half_a_second))


def _foreseen(history: list[Measurement], items: int) -> Amount:
    rate = rate_of(history, collection_id="here", extractor="words", code_fp="now", runner="ray")
    assert rate is not None
    return rate.of(items)


def test_what_a_group_takes_is_told_from_what_an_item_takes() -> None:
    """From groups of different sizes; alike ones show only both together."""
    pace = pace_of(_marks(_grown(1_000)))
    assert pace.group.cpu_s == pytest.approx(GROUP.cpu_s)
    assert pace.item.cpu_s == pytest.approx(ITEM.cpu_s)
    assert pace.item.wall_s == pytest.approx(ITEM.wall_s)
    alike = pace_of(_marks([20] * 50))
    assert alike.group == Amount()
    assert alike.item.cpu_s == pytest.approx(ITEM.cpu_s + GROUP.cpu_s / 20)


@pytest.mark.parametrize("sample", [60, 100, 150, 400])
def test_a_sample_of_small_groups_foresees_a_run_of_large_ones(sample: int) -> None:
    """CPU that is paid by the group is not multiplied by the items: half of what a sample takes is that."""
    known = _measured(_marks(_grown(sample)))
    for items in (900, 20_000):
        taken = _marks(_grown(items))[-1].amount
        foreseen = _foreseen([known], items)
        assert foreseen.cpu_s == pytest.approx(taken.cpu_s, rel=0.1)
        assert foreseen.wall_s == pytest.approx(taken.wall_s, rel=0.1)


def test_two_runs_foresee_a_third_with_its_commits() -> None:
    """The pauses for commits are in the wall time of an item, not in its CPU seconds."""
    runs = [_measured(_marks(_grown(items), commit_every=400, commit=0.3)) for items in (900, 1_000)]
    taken = _marks(_grown(5_000), commit_every=400, commit=0.3)[-1].amount
    assert _foreseen(runs, 5_000).wall_s == pytest.approx(taken.wall_s, rel=0.1)
    assert _foreseen(runs, 5_000).cpu_s == pytest.approx(taken.cpu_s, rel=0.1)


def test_groups_of_workers_beside_each_other_share_the_wall_time() -> None:
    """Four seconds of CPU in one of wall: a group's CPU is a quarter of that on the clock."""
    marks = [Mark(m.items, Amount(m.amount.cpu_s / 4, m.amount.cpu_s)) for m in _marks(_grown(1_000))]
    assert pace_of(marks).group.wall_s == pytest.approx(GROUP.cpu_s / 4)


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
