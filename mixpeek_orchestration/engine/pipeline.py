"""A pipeline, or consecutive steps of one, alive in a worker: built from its recipe, run over envelopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import pyarrow as pa

from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError
from mixpeek_orchestration.core.extractor import Recipe, StepDescription
from mixpeek_orchestration.core.ports.extraction import ExtractionJob
from mixpeek_orchestration.engine.assembly import discarded_at_end, finish
from mixpeek_orchestration.engine.content import Loader
from mixpeek_orchestration.engine.stepping import LiveStep, Processor
from mixpeek_orchestration.engine.vectors import spellings


class Step(Protocol):
    """A step that is described but whose processor is not created yet."""

    description: StepDescription

    def create(self) -> Processor: ...


BuildSteps = Callable[[Recipe], Sequence[Step]]


def build_from_recipe(recipe: Recipe) -> Sequence[Step]:
    """The steps of the package that the recipe names."""
    from mixpeek_orchestration.extractors.recipe import build_steps

    return build_steps(recipe)


@dataclass(frozen=True)
class Part:
    """Consecutive steps of a job's pipeline that run in one worker; picklable."""

    job: ExtractionJob
    build: BuildSteps
    first: int
    end: int

    @property
    def starts(self) -> bool:
        return self.first == 0

    @property
    def finishes(self) -> bool:
        return self.end == len(self.job.description.steps)


class Pipeline:
    """The live steps of a part. Processors are created with the first envelope, once per worker."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._loader = Loader(part.job)

    def run(self, envelope: pa.Table) -> pa.Table:
        """The envelope after these steps, its content loaded before the first and its rows checked after the last.

        Raises `InvalidPackage` for what no row is to blame for.
        """
        if self._part.starts:
            envelope = self._loader.load(envelope)
        for step in self._steps:
            envelope = step.run(envelope)
        return finish(envelope, self._part.job.description) if self._part.finishes else envelope

    @cached_property
    def _steps(self) -> list[LiveStep]:
        from mixpeek_orchestration.extractors.pipelines.conditions import matches

        job = self._part.job
        description = job.description
        constants = {
            "collection_id": job.collection_id,
            "feature_extractor_id": f"{description.name}_{description.version}",
        }
        vectors = frozenset(name for vector in description.vectors for name in spellings(vector))
        steps = self._part.build(_placed(job))[self._part.first : self._part.end]
        last = len(description.steps) - 1
        return [
            LiveStep(
                step.description,
                _created(step),
                matches,
                constants,
                vectors,
                discarded_at_end(description) if place == last else frozenset(),
                job.patience,
            )
            for place, step in enumerate(steps, start=self._part.first)
        ]


def _placed(job: ExtractionJob) -> Recipe:
    """The recipe, knowing where the job's content lies: a package in a jail reads it through its parent."""
    return replace(job.recipe, object_store=job.object_store) if job.object_store else job.recipe


def _created(step: Step) -> Processor:
    try:
        return step.create()
    except MixpeekError:
        raise
    except Exception as error:
        raise InvalidPackage(
            f"Step {step.description.name!r} could not be created: {type(error).__name__}: {error}",
            field=step.description.name,
            fix="Run the package's tests; what fails here fails in the constructor of its processor.",
        ) from error
