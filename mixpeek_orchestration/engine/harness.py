"""Runs a package over sample data as production would: the same runner, on a Ray cluster that lives as long as the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import Conflict, InvalidPackage, MixpeekError, NotReady, Unschedulable
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, Runner
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.platform import PlatformReference
from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.engine.time_limit import within
from mixpeek_orchestration.extractors.testing import rules
from mixpeek_orchestration.extractors.testing.outputs import output_findings
from mixpeek_orchestration.extractors.testing.report import Check, failed, judged
from mixpeek_orchestration.extractors.testing.samples import Sample, source_items

if TYPE_CHECKING:
    from mixpeek_orchestration.extractors.testing.lab import Bench

OpenObjects = Callable[[Mapping[str, Any]], ObjectStore]
CHECK = "sample run"
_COLLECTION = "col_test"
_MAX_CPUS = 4
RUN_S = 600.0
"""How long the steps may take for the sample, unless the caller says otherwise."""


@dataclass(frozen=True)
class Harness:
    """Where packages are tested: `root` is a folder of its own for content and for Ray's state, `open_objects` opens
    the store of content that production would open, `platform` is what steps may ask for services, `run_s` how long they
    may take."""

    root: Path
    open_objects: OpenObjects
    platform: PlatformReference | None = None
    run_s: float = RUN_S

    @property
    def store(self) -> dict[str, Any]:
        """The configuration of the store under `root`."""
        return {"url": str(self.root / "objects")}

    def job(self, description: ExtractorDescription) -> ExtractionJob:
        """The job that runners and workers of a test get."""
        equipped = self._equipped(description)
        return ExtractionJob(
            equipped.recipe,
            equipped,
            _COLLECTION,
            object_store=self.store,
            open_objects=self.open_objects,
        )

    @contextmanager
    def bench(self, description: ExtractorDescription) -> Iterator[Bench]:
        """The in-process bench that the conformance kit runs the package on."""
        from mixpeek_orchestration.engine.conformance_bench import PackageBench

        with closing(PackageBench(self.job(description), self.open_objects(self.store))) as bench:
            yield bench

    def run_on_ray(self, description: ExtractorDescription, sample: Sample) -> tuple[Check, Usage]:
        """The check of the package's outputs for `sample`, after a run through Ray Data on a cluster of its own."""
        from mixpeek_orchestration.engine.ray_data import RayRunner

        with _cluster(self.root) as (address, environment):
            return self.run(RayRunner(address, environment), description, sample)

    def run_here(self, description: ExtractorDescription, sample: Sample) -> tuple[Check, Usage]:
        """The same check after a run in this process."""
        from mixpeek_orchestration.engine.in_process import InProcessRunner

        return self.run(InProcessRunner(), description, sample)

    def check_realtime(self, description: ExtractorDescription) -> Check:
        """Whether `realtime.py` answers its own example, an embedding service with vectors as declared."""
        from mixpeek_orchestration.engine.realtime_probe import check_realtime

        return check_realtime(self._equipped(description))

    def _equipped(self, description: ExtractorDescription) -> ExtractorDescription:
        return replace(description, platform=description.platform or self.platform)

    def run(self, runner: Runner, description: ExtractorDescription, sample: Sample) -> tuple[Check, Usage]:
        """The check of the package's outputs for `sample`, after a run with this runner."""
        described, notes = without_absent_gpus(description, _gpus())
        job = self.job(described)
        items = source_items(sample.items, self.open_objects(self.store))
        try:
            runner.check(job)
            results = within(self.run_s, lambda: list(runner.run(job, items)))
        except TimeoutError:
            return failed(CHECK, rules.TIMED_OUT, _too_slow(self.run_s)), runner.usage()
        except Unschedulable as error:
            return failed(CHECK, rules.UNSCHEDULABLE, error, file="manifest.py"), runner.usage()
        except (InvalidPackage, Conflict, NotReady) as error:
            return failed(CHECK, rules.RUN_FAILED, error), runner.usage()
        findings = [*output_findings(described, sample, results), *notes]
        return judged(CHECK, _message(sample, results, runner.name), findings), runner.usage()


def without_absent_gpus(
    description: ExtractorDescription, gpus: float
) -> tuple[ExtractorDescription, list[Finding]]:
    """The description without GPUs where the machine has none, and the notes that say so: most steps run without."""
    wanting = [step for step in description.steps if step.resources.gpus]
    if gpus or not wanting:
        return description, []
    steps = tuple(replace(s, resources=replace(s.resources, gpus=0.0)) for s in description.steps)
    notes = [
        rules.NO_GPU.finding(f"The step {step.name!r} wants a GPU and ran without.", file="manifest.py")
        for step in wanting
    ]
    return replace(description, steps=steps), notes


def _too_slow(limit_s: float) -> InvalidPackage:
    return InvalidPackage(
        f"The steps were not done with the sample after {limit_s:g} s.",
        field="pipeline.py",
        value=limit_s,
        fix="Look for a step that waits for ever, or allow more: --timeout SECONDS.",
    )


def _message(sample: Sample, results: Sequence[Extracted], runner: str) -> str:
    rows = sum(result.rows.num_rows for result in results)
    through = "Ray Data" if runner == "ray" else "this process"
    objects, documents = _counted(len(sample.items), "object"), _counted(rows, "document")
    return f"{sample.origin}: {objects} → {documents}, through {through}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@contextmanager
def _cluster(root: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """A cluster for one run, that this process is connected to while the block lasts."""
    # Read when Ray is imported: a run that was left behind must not start another cluster after this one has ended.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    import ray

    from mixpeek_orchestration.engine.ray_cluster import connect, ray_environment
    from mixpeek_orchestration.engine.ray_local import start_local

    if ray.is_initialized():
        raise MixpeekError(
            "This process is connected to a Ray cluster already.", fix="Test in a process of its own."
        )
    cpus = max(2, min(_MAX_CPUS, os.cpu_count() or 2))
    with ExitStack() as ending:
        ending.callback(shutil.rmtree, ray_environment(root)["RAY_TMPDIR"], ignore_errors=True)
        cluster = ending.enter_context(start_local(root, cpus=cpus))
        ending.callback(ray.shutdown)
        connect(cluster.address, cluster.environment)
        yield cluster.address, cluster.environment


def _gpus() -> float:
    import ray

    return float(ray.cluster_resources().get("GPU", 0.0)) if ray.is_initialized() else 0.0
