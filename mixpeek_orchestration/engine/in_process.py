"""The runner that extracts in its own process: small batches, the command line, tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, SourceItem
from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.engine.assembly import extracted
from mixpeek_orchestration.engine.chunks import Pace, chunks, largest_batch, settled_items
from mixpeek_orchestration.engine.content import enclose_items
from mixpeek_orchestration.engine.images import refuse_image
from mixpeek_orchestration.engine.metering import Meter
from mixpeek_orchestration.engine.pipeline import BuildSteps, Part, Pipeline, build_from_recipe


class InProcessRunner:
    """Runs a pipeline chunk by chunk; the next chunk starts when the caller asks for it."""

    name = "in_process"

    def __init__(self, build: BuildSteps = build_from_recipe) -> None:
        self._build = build
        self._usage = Usage(runner=self.name)

    def check(self, job: ExtractionJob) -> None:
        """Refuses what needs an image of its own; declared resources are a matter of clusters."""
        refuse_image(job.description.container_image)

    def run(self, job: ExtractionJob, items: Iterable[SourceItem]) -> Iterator[Extracted]:
        """Finished items in the order given."""
        meter = Meter(self.name)
        self._usage = meter.read()
        pipeline = Pipeline(Part(job, self._build, 0, len(job.description.steps)))
        pace = Pace(largest_batch(job.description))
        for chunk in chunks(items, lambda: pace.size):
            before = self._usage.wall_s
            with meter:
                result = extracted(pipeline.run(enclose_items(chunk, job)))
            self._usage = meter.read()
            pace.took(self._usage.wall_s - before)
            yield result

    def usage(self) -> Usage:
        """What the last run has used so far."""
        return self._usage

    def together(self, group_s: float, item_s: float) -> int:
        """As many as its pace lets a chunk grow to."""
        return settled_items(group_s, item_s)
