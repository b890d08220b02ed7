"""The runner that extracts on a Ray cluster: Ray Data over pools of actors, one per stage."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mixpeek_orchestration.core.document import POSITION, SOURCE_ITEM
from mixpeek_orchestration.core.errors import Broken, NotReady, WorkerDied
from mixpeek_orchestration.core.extractor import ExtractorDescription, Resources
from mixpeek_orchestration.core.failure import item_error
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, SourceItem
from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.engine.accelerators import memory_of
from mixpeek_orchestration.engine.assembly import extracted
from mixpeek_orchestration.engine.chunks import chunk_items, chunks, inline_bytes, shared_out
from mixpeek_orchestration.engine.content import enclose_items
from mixpeek_orchestration.engine.images import check_image, runtime_environment
from mixpeek_orchestration.engine.lost_cluster import check_cluster, watched
from mixpeek_orchestration.engine.pipeline import BuildSteps, Part, build_from_recipe
from mixpeek_orchestration.engine.placement import Stage, place
from mixpeek_orchestration.engine.ray_cluster import connect
from mixpeek_orchestration.engine.ray_worker import StageWorker, raise_fatal, spent

if TYPE_CHECKING:
    from ray.data import DataContext, Dataset

_WINDOW_ITEMS = 100_000
_WINDOW_BYTES = 256 * 1024 * 1024
"""What of a run is in Ray's object store at a time: starting a pool again costs seconds, so windows are large."""
_DEATHS = 2
"""How often Ray runs a chunk again whose worker died, before it is cut into smaller ones."""
_START_S = 600.0
_QUIET = {
    "ray.data": logging.WARNING,
    "ray.data._internal.progress": logging.ERROR,
    "ray.data._internal.execution.streaming_executor_state": logging.CRITICAL,  # lost chunks, which run again
}

logger = logging.getLogger(__name__)


class RayRunner:
    """Runs pipelines on the cluster at `address`, whose `environment` comes from `ray_environment`; it may be left out
    in a process that was started in it."""

    name = "ray"

    def __init__(
        self,
        address: str,
        environment: Mapping[str, str] | None = None,
        *,
        build: BuildSteps = build_from_recipe,
    ) -> None:
        self._address = address
        self._environment = environment or {}
        self._build = build
        self._usage = Usage(runner=self.name)
        self._shape: tuple[ExtractorDescription, int] | None = None

    def check(self, job: ExtractionJob) -> None:
        """Raises `Unschedulable` with the numbers when no state of this cluster could ever run the job."""
        self._stages(job)
        check_image(job.description.container_image)

    def run(self, job: ExtractionJob, items: Iterable[SourceItem]) -> Iterator[Extracted]:
        """Finished items in any order. Items whose worker dies are run again in ever smaller chunks; one that
        still kills its worker alone is a failed item."""
        started = time.monotonic()
        self._usage = Usage(runner=self.name)
        stages = self._stages(job)
        for window in chunks(items, _WINDOW_ITEMS, max_bytes=_WINDOW_BYTES, weigh=inline_bytes):
            for result, cost in self._window(job, stages, window):
                self._usage = _added(self._usage, cost, time.monotonic() - started)
                yield result

    def usage(self) -> Usage:
        """What the last run has used so far: CPU and GPU seconds of its workers, the memory of the largest."""
        return self._usage

    def together(self, group_s: float, item_s: float) -> int:
        """The chunk of a job that knows how long its items take. Of what a chunk takes by itself nothing is seen here: the
        workers take it beside each other."""
        assert self._shape is not None, "there was a run"
        return chunk_items(self._shape[0], item_s, self._shape[1])

    def _stages(self, job: ExtractionJob) -> list[Stage]:
        connect(self._address, self._environment)
        return place(job.description.steps, _nodes())

    def _window(
        self, job: ExtractionJob, stages: Sequence[Stage], window: Sequence[SourceItem]
    ) -> Iterator[tuple[Extracted, dict[str, float]]]:
        left = {item.item: item for item in window}
        workers = max(stage.workers for stage in stages)
        self._shape = (job.description, workers)
        size = shared_out(chunk_items(job.description, job.item_s, workers), len(window), workers)
        for together in (size, max(1, size // 8), 1):
            blocks = [enclose_items(chunk, job) for chunk in chunks(list(left.values()), together)]
            for block in self._blocks(job, stages, blocks, alone=together == 1):
                result = extracted(block)
                for item in result.items:
                    if left.pop(item, None) is None:
                        raise Broken(f"The source item {item} came back twice.", value=item)
                yield result, spent(block)
            if not left:
                return
            logger.warning(
                "The workers of %d items died; %s",
                len(left),
                "giving them up" if together == 1 else "they run again",
            )
        yield _lost(list(left)), {}

    def _blocks(
        self, job: ExtractionJob, stages: Sequence[Stage], blocks: Sequence[pa.Table], *, alone: bool
    ) -> Iterator[pa.Table]:
        import ray

        dataset = ray.data.from_arrow(list(blocks))
        _configure(dataset.context)
        for stage in stages:
            dataset = self._mapped(dataset, job, stage, alone=alone)
        try:
            found = dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
            for block in watched(iter(found), check_cluster):
                raise_fatal(block)
                yield block
        except ray.exceptions.GetTimeoutError as error:
            raise _busy(stages) from error
        except ray.exceptions.RayError as error:
            check_cluster()
            raise NotReady(
                f"The Ray cluster at {self._address} lost the run: {type(error).__name__}: {error}",
                value=self._address,
                fix="Items that were not committed run again with the next run.",
            ) from error

    def _mapped(self, dataset: Dataset, job: ExtractionJob, stage: Stage, *, alone: bool) -> Dataset:
        import ray

        part = Part(job, self._build, stage.first, stage.end)
        resources = stage.resources
        options: dict[str, Any] = {"memory": resources.memory_bytes} if resources.memory_bytes else {}
        options |= runtime_environment(job.description.container_image)
        pool = ray.data.ActorPoolStrategy(
            min_size=1, max_size=stage.workers, max_tasks_in_flight_per_actor=1 if alone else 2
        )
        with warnings.catch_warnings():
            # Retries have no named parameter yet, and without a bound an item that kills its worker would for ever.
            warnings.simplefilter("ignore")
            return dataset.map_batches(
                StageWorker,
                fn_constructor_args=(part, resources.gpus),
                compute=pool,
                batch_size=None,
                batch_format="pyarrow",
                num_cpus=resources.cpus,
                num_gpus=resources.gpus or None,
                max_task_retries=_DEATHS,
                **options,
            )


def _configure(context: DataContext) -> None:
    """One dataset's execution: quiet, unordered, paced by the caller, and not ended by a chunk that is lost: what is
    missing at the end is run again."""
    from mixpeek_orchestration.engine.run_ahead import pace_by_commits

    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = False
    context.max_errored_blocks = -1
    context.wait_for_min_actors_s = int(_START_S)
    pace_by_commits(context)


def _nodes() -> list[Resources]:
    import ray

    found = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [
        Resources(n.get("CPU", 0.0), n.get("GPU", 0.0), int(n.get("memory", 0)), memory_of(n)) for n in found
    ]


def _busy(stages: Sequence[Stage]) -> NotReady:
    import ray

    free, total = ray.available_resources(), ray.cluster_resources()
    asked = " + ".join(f"{stage.resources.cpus:g}" for stage in stages)
    return NotReady(
        f"No worker could start within {_START_S:.0f} s: the pipeline needs {asked} CPUs at the same time, and "
        f"{free.get('CPU', 0):g} of {total.get('CPU', 0):g} are free.",
        field="resources",
        fix="Wait for other runs, stop endpoints that are not needed, or add a node.",
        retry_after_s=60.0,
    )


def _lost(items: Sequence[str]) -> Extracted:
    """The items that killed their worker also when they were alone."""
    error = WorkerDied(
        "The worker process died every time while it worked on this item.",
        fix="Look for too little memory or a crash in a native library; the worker's log has its last words.",
    )
    rows = pa.table({SOURCE_ITEM: pa.array([], pa.string()), POSITION: pa.array([], pa.int32())})
    return Extracted(tuple(items), rows, tuple(item_error(item, "worker", error) for item in items))


def _added(usage: Usage, cost: Mapping[str, float], wall_s: float) -> Usage:
    return Usage(
        wall_s=wall_s,
        cpu_s=usage.cpu_s + cost.get("cpu_s", 0.0),
        gpu_s=usage.gpu_s + cost.get("gpu_s", 0.0),
        api_usd=usage.api_usd + cost.get("api_usd", 0.0),
        peak_rss_bytes=max(usage.peak_rss_bytes, int(cost.get("peak_rss_bytes", 0))),
        runner=usage.runner,
    )
