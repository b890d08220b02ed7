"""The in-process runner: chunk by chunk, processors created once, usage measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest

from assets_tests.unit.engine.fakes import FakeStep, job_of, step, text_item
from mixpeek_orchestration.core.errors import InvalidPackage, Unschedulable
from mixpeek_orchestration.core.ports.extraction import SourceItem
from mixpeek_orchestration.engine.chunks import MAX_ITEMS, chunks, largest_batch
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.engine.pipeline import Part


def mark(batch: pd.DataFrame) -> pd.DataFrame:
    return batch.assign(marked=True)


def counted(count: int, taken: list[str]) -> Iterator[SourceItem]:
    for n in range(count):
        taken.append(f"i{n}")
        yield text_item(f"i{n}", "text")


def test_work_starts_only_when_it_is_asked_for() -> None:
    """After the first result no more items were taken than one chunk and the one that ended it."""
    taken: list[str] = []
    run = InProcessRunner(lambda _recipe: [step(mark)]).run(job_of([step(mark)]), counted(1000, taken))
    assert taken == []
    first = next(run)
    assert len(taken) <= len(first.items) + 1
    run.close()
    assert len(taken) <= len(first.items) + 1


def test_processors_are_created_once_per_run() -> None:
    """A model is loaded once, however many chunks there are."""
    created: list[int] = []

    class Counting(FakeStep):
        def create(self):  # type: ignore[no-untyped-def]
            created.append(1)
            return mark

    made = Counting(step(mark).description, mark)
    results = list(InProcessRunner(lambda _recipe: [made]).run(job_of([made]), counted(500, [])))
    assert len(results) > 1
    assert created == [1]


def test_a_processor_that_cannot_be_created_ends_the_run() -> None:
    """The error names the step and what its constructor said."""

    class Failing(FakeStep):
        def create(self):  # type: ignore[no-untyped-def]
            raise OSError("no weights")

    made = Failing(step(mark).description, mark)
    with pytest.raises(InvalidPackage, match="'mark' could not be created: OSError: no weights"):
        list(InProcessRunner(lambda _recipe: [made]).run(job_of([made]), counted(1, [])))


def test_usage_is_measured() -> None:
    """After a run the runner knows seconds, CPU seconds and memory, for estimates to come."""
    runner = InProcessRunner(lambda _recipe: [step(mark)])
    list(runner.run(job_of([step(mark)]), counted(300, [])))
    usage = runner.usage()
    assert usage.runner == "in_process"
    assert usage.wall_s > 0
    assert usage.cpu_s > 0
    assert usage.peak_rss_bytes > 10_000_000


def test_chunks_follow_batches_and_bytes() -> None:
    """A chunk fills the largest declared batch, within limits, and holds little content at a time."""
    assert largest_batch(job_of([step(mark, batch_size=64), step(mark, batch_size=32)]).description) == 64
    assert largest_batch(job_of([step(mark, batch_size=100_000)]).description) == MAX_ITEMS
    heavy = [text_item(f"i{n}", "x" * 100) for n in range(7)]
    assert [len(chunk) for chunk in chunks(heavy, 100, max_bytes=300)] == [3, 3, 1]
    assert [len(chunk) for chunk in chunks(heavy, 2, max_bytes=10**9)] == [2, 2, 2, 1]
    assert [len(chunk) for chunk in chunks(heavy[:2], 9, max_bytes=1)] == [1, 1]


def test_a_part_knows_whether_it_starts_and_finishes() -> None:
    """Content is loaded by the part with the first step, rows are checked by the one with the last."""
    job = job_of([step(mark), step(mark)])
    parts = [Part(job, lambda _recipe: [], first, end) for first, end in ((0, 1), (1, 2), (0, 2))]
    assert [(part.starts, part.finishes) for part in parts] == [(True, False), (False, True), (True, True)]


def test_a_package_with_an_image_is_refused() -> None:
    """A step that needs its own image does not run in this process, where its libraries are missing."""
    job = job_of([step(mark)])
    with_image = replace(job, description=replace(job.description, container_image="team/image:1"))
    with pytest.raises(Unschedulable, match="needs a Ray cluster") as refused:
        InProcessRunner().check(with_image)
    assert refused.value.field == "container_image"
