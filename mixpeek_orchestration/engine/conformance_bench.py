"""The bench of the conformance kit: pipelines of one package in this process, batch size and input under control."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from mixpeek_orchestration.core.document import POSITION, SOURCE_ITEM
from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe, StepDescription
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.engine.assembly import extracted
from mixpeek_orchestration.engine.content import CONTENT, enclose_items
from mixpeek_orchestration.engine.metering import peak_rss_bytes
from mixpeek_orchestration.engine.pipeline import BuildSteps, Part, Pipeline, Step, build_from_recipe
from mixpeek_orchestration.engine.realtime_probe import Answers
from mixpeek_orchestration.engine.stepping import Processor
from mixpeek_orchestration.extractors.testing.lab import WHOLE_BATCH, Outcome
from mixpeek_orchestration.extractors.testing.samples import SampleItem, source_items


@dataclass(frozen=True)
class PackageBench:
    """Opens pipelines of the job's package; implements `Bench`."""

    job: ExtractionJob
    objects: ObjectStore
    build: BuildSteps = build_from_recipe

    @property
    def description(self) -> ExtractorDescription:
        return self.job.description

    def open(self, *, batch_size: int = WHOLE_BATCH) -> LivePipeline:
        """A pipeline with new processors, which get at most so many rows at once."""
        watch = _Watch()

        def build(recipe: Recipe) -> Sequence[Step]:
            return [
                _WatchedStep(step, replace(step.description, batch_size=batch_size), watch, place == 0)
                for place, step in enumerate(self.build(recipe))
            ]

        part = Part(self.job, build, 0, len(self.description.steps))
        return LivePipeline(Pipeline(part), self.job, self.objects, watch)

    def answer(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What the package's `realtime.py` answers."""
        return self._answers.to(inputs)

    def close(self) -> None:
        """End what answers queries, if anything does."""
        if "_answers" in vars(self):
            self._answers.close()

    @cached_property
    def _answers(self) -> Answers:
        return Answers(self.job.recipe)


@dataclass(frozen=True)
class LivePipeline:
    """A pipeline whose processors live as long as this object; implements `Live`."""

    pipeline: Pipeline
    job: ExtractionJob
    objects: ObjectStore
    watch: _Watch

    def run(self, items: Sequence[SampleItem], *, without_data: Iterable[str] = ()) -> Outcome:
        """What comes out of the items; `data` is null for those in `without_data`."""
        named = set(without_data)
        self.watch.nulls = frozenset(f"obj_{name}" for name in named)
        self.watch.edited.clear()
        started = time.monotonic()
        envelope = enclose_items(source_items(items, self.objects), self.job)
        result = extracted(self.pipeline.run(envelope))
        wall_s = time.monotonic() - started
        return Outcome(_rows(result), _errors(result), frozenset(self.watch.edited), wall_s, peak_rss_bytes())


@dataclass
class _Watch:
    """What the steps of a pipeline are given and do to it: `nulls` are the objects whose content is taken away."""

    nulls: frozenset[str] = frozenset()
    edited: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _WatchedStep:
    """A step of the package, seen from outside."""

    step: Step
    description: StepDescription
    watch: _Watch
    is_first: bool

    def create(self) -> Processor:
        process = self.step.create()

        def watched(batch: pd.DataFrame) -> pd.DataFrame:
            if self.is_first:
                self._take_content(batch)
            before = {name: batch[name].tolist() for name in CONTENT if name in batch.columns}
            result = process(batch)
            self.watch.edited |= {name for name, values in before.items() if _differs(batch, name, values)}
            return result

        return watched

    def _take_content(self, batch: pd.DataFrame) -> None:
        taken = batch["object_id"].isin(list(self.watch.nulls))
        for place in batch.index[taken]:
            content = batch.at[place, "data"]
            for name in batch.columns:
                if isinstance(batch.at[place, name], str) and batch.at[place, name] == content:
                    batch.at[place, name] = None


def _differs(batch: pd.DataFrame, name: str, before: list[Any]) -> bool:
    """Whether the column holds other values now. One that was dropped was not written over, and with another number
    of rows there is nothing to compare."""
    after = batch[name].tolist() if name in batch.columns else before
    return len(after) == len(before) and any(
        one is not other and one != other for one, other in zip(after, before, strict=True)
    )


def _rows(result: Extracted) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {item: [] for item in result.items}
    for row in result.rows.to_pylist():
        item = row.pop(SOURCE_ITEM)
        row.pop(POSITION)
        rows[item].append(row)
    return rows


def _errors(result: Extracted) -> dict[str, tuple[ItemError, ...]]:
    found: dict[str, list[ItemError]] = defaultdict(list)
    for error in result.errors:
        found[error.item].append(error)
    return {item: tuple(errors) for item, errors in found.items()}
