"""The Ray runner: the same rows as in process, and no item lost, whatever dies."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from assets_tests.unit.engine.fakes import text_item
from assets_tests.unit.engine.sample_pipelines import build, job
from mixpeek_orchestration.core.errors import InvalidPackage, NotReady, Unschedulable
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.ports.extraction import Extracted, SourceItem
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.engine.ray_data import RayRunner
from mixpeek_orchestration.engine.ray_local import LocalCluster

pytestmark = [pytest.mark.ray, pytest.mark.timeout(240)]

ORDER = [("_source_item", "ascending"), ("_position", "ascending")]


@pytest.fixture
def runner(ray_cluster: LocalCluster) -> RayRunner:
    return RayRunner(ray_cluster.address, ray_cluster.environment, build=build)


def rows_of(results: Iterable[Extracted]) -> pa.Table:
    tables = [result.rows for result in results if result.rows.num_rows]
    joined = pa.concat_tables(tables, promote_options="permissive")
    return joined.select(sorted(joined.column_names)).sort_by(ORDER).combine_chunks()


def errors_of(results: Iterable[Extracted]) -> list[ItemError]:
    return sorted(
        (error for result in results for error in result.errors), key=lambda e: (e.item, e.row, e.step)
    )


def empty_of(results: Iterable[Extracted]) -> dict[str, str]:
    return {item: reason for result in results for item, reason in result.empty.items()}


def items_of(results: Iterable[Extracted]) -> list[str]:
    return sorted(item for result in results for item in result.items)


def wait_until(true: Callable[[], bool], *, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)


def mixed_items() -> list[SourceItem]:
    plain = [text_item(f"i{n}", f"item number {n}", "drop") for n in range(300)]
    odd = [
        text_item("poisoned", "good words", "some poison"),
        text_item("blank", ""),
        text_item("dropped", "drop"),
        text_item("none"),
        text_item("picture", "not split", mime_type="image/png"),
    ]
    return [*plain, *odd]


@pytest.mark.parametrize("name", ["everything", "two_stages", "too_wide_together"])
def test_both_runners_give_identical_rows(runner: RayRunner, name: str) -> None:
    """Rows, errors and reasons are equal: bisected, exploded, dropped and empty items, one stage or two, and also
    where two stages would not fit on the cluster side by side."""
    on_ray = list(runner.run(job(name), mixed_items()))
    here = list(InProcessRunner(build).run(job(name), mixed_items()))
    assert rows_of(on_ray).equals(rows_of(here))
    assert errors_of(on_ray) == errors_of(here)
    assert empty_of(on_ray) == empty_of(here)
    assert items_of(on_ray) == items_of(here) == sorted(item.item for item in mixed_items())


def test_usage_comes_back_from_the_workers(runner: RayRunner) -> None:
    """CPU seconds and memory are those of the workers, not of the process that waits for them."""
    list(runner.run(job("measure"), [text_item(f"i{n}", "text") for n in range(50)]))
    usage = runner.usage()
    assert usage.runner == "ray"
    assert usage.cpu_s > 0
    assert usage.peak_rss_bytes > 50_000_000
    assert usage.wall_s > 0


def test_an_item_whose_worker_dies_once_is_run_again(runner: RayRunner, tmp_path: Path) -> None:
    """A worker that is killed costs nothing but time: every item comes back, none of them failed."""
    items = [text_item(f"i{n}", "text") for n in range(100)]
    killer = text_item("killer", f"die once {tmp_path / 'died'}")
    results = list(runner.run(job("deadly"), [*items, killer]))
    assert (tmp_path / "died").exists()
    assert items_of(results) == sorted([*(item.item for item in items), "killer"])
    assert errors_of(results) == []


@pytest.mark.slow
def test_an_item_that_always_kills_its_worker_fails_alone(runner: RayRunner) -> None:
    """One item that no worker survives is one failed item; the others of its chunk are extracted."""
    items = [text_item(f"i{n}", "text") for n in range(100)]
    results = list(runner.run(job("deadly"), [*items[:30], text_item("killer", "die always"), *items[30:]]))
    errors = errors_of(results)
    assert [(error.item, error.error_class, error.transient) for error in errors] == [
        ("killer", "WorkerDied", False)
    ]
    assert items_of(results) == sorted([*(item.item for item in items), "killer"])
    assert rows_of(results).num_rows == 100


def test_extraction_waits_for_commits(runner: RayRunner, tmp_path: Path) -> None:
    """While the caller is busy with the first result, only a few chunks more are extracted: what a crash would
    cost is bounded."""
    items = [text_item(f"i{n}", str(tmp_path / f"{n}")) for n in range(2000)]
    run = runner.run(job("recording"), items)
    first = next(run)
    counts: list[int] = []

    def stands_still() -> bool:
        time.sleep(0.5)
        counts.append(len(list(tmp_path.iterdir())))
        return len(counts) > 10 and counts[-11] == counts[-1] > len(first.items)

    wait_until(stands_still)
    extracted = counts[-1]
    assert extracted <= 12 * 64
    run.close()


def test_closing_the_run_frees_the_workers(runner: RayRunner) -> None:
    """A caller that stops early leaves no actor behind."""
    import ray

    run = runner.run(job("measure"), [text_item(f"i{n}", "text") for n in range(5000)])
    next(run)
    run.close()
    wait_until(lambda: ray.available_resources().get("CPU", 0) == 2)


def test_the_fault_of_a_package_ends_the_run_as_in_process(runner: RayRunner) -> None:
    """An error that no row is to blame for arrives in the caller as the same class with the same words."""
    items = [text_item("a", "text")]
    with pytest.raises(InvalidPackage) as here:
        list(InProcessRunner(build).run(job("no_frame"), items))
    with pytest.raises(InvalidPackage) as there:
        list(runner.run(job("no_frame"), items))
    assert str(there.value) == str(here.value)
    assert there.value.details() == here.value.details()


def test_what_can_never_run_is_refused_before_it_starts(runner: RayRunner) -> None:
    """The refusal compares what is asked for with what the nodes have."""
    with pytest.raises(Unschedulable, match=r"asks for 64 CPUs, 2 GPUs .* no node .* 2 CPUs, 0 GPUs"):
        runner.check(job("greedy"))
    with pytest.raises(Unschedulable):
        next(runner.run(job("greedy"), [text_item("a", "text")]))


def test_two_workers_on_two_cpus_do_not_block_each_other(runner: RayRunner) -> None:
    """A pipeline that may take every CPU of the cluster still gets its input."""
    items = [text_item(f"i{n}", "text") for n in range(300)]
    assert len(items_of(runner.run(job("wide"), items))) == 300


def test_no_items_are_no_work(runner: RayRunner) -> None:
    """An empty run ends at once with nothing."""
    assert list(runner.run(job("measure"), [])) == []


def test_a_cluster_that_is_not_there_is_not_ready(tmp_path: Path) -> None:
    """The error names the address and what to do, and comes at once."""
    script = (
        "from mixpeek_orchestration.engine.ray_cluster import connect\n"
        "from mixpeek_orchestration.core.errors import NotReady\n"
        "try:\n    connect('127.0.0.1:1', {})\n"
        "except NotReady as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "No Ray cluster answers at 127.0.0.1:1" in done.stdout
    assert NotReady.retryable
