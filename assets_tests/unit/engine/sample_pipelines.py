"""Pipelines that both runners run: importable, so that Ray's workers can build them by name."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from assets_tests.unit.engine.fakes import FakeStep, job_of, step
from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.extractor import Recipe, Resources
from mixpeek_orchestration.core.ports.extraction import ExtractionJob


def shout(batch: pd.DataFrame) -> pd.DataFrame:
    """Adds the text in capitals; refuses a batch with the word poison in it."""
    if batch["data"].str.contains("poison").any():
        raise ValueError("There is poison in the batch.")
    batch["shouted"] = batch["data"].str.upper()
    return batch


def words(batch: pd.DataFrame) -> pd.DataFrame:
    """One row per word; an empty text gives none."""
    batch["data"] = batch["data"].str.split()
    return batch.explode("data").dropna(subset=["data"])


def without_dropped(batch: pd.DataFrame) -> pd.DataFrame:
    """Leaves out the rows that say drop."""
    return batch[batch["data"] != "drop"]


def measure(batch: pd.DataFrame) -> pd.DataFrame:
    """Adds a number and a vector per row."""
    batch["length"] = batch["data"].str.len()
    batch["vector"] = [[1.0, float(len(text)), 0.5] for text in batch["data"]]
    return batch


def die(batch: pd.DataFrame) -> pd.DataFrame:
    """Kills the process for `die always`, and for `die once <file>` when that file is not there yet."""
    for text in batch["data"]:
        verb, _, rest = text.partition(" ")
        if verb == "die" and (rest == "always" or _first_time(Path(rest.removeprefix("once ")))):
            os.kill(os.getpid(), signal.SIGKILL)
    return batch


def _first_time(marker: Path) -> bool:
    if marker.exists():
        return False
    marker.touch()
    return True


def record(batch: pd.DataFrame) -> pd.DataFrame:
    """Leaves a file per text in the folder that the text names."""
    for text in batch["data"]:
        Path(text).touch()
    return batch


def no_frame(_batch: pd.DataFrame) -> list[str]:
    """Returns what no processor may return."""
    return ["row"]


def _on(resources: Resources, made: FakeStep) -> FakeStep:
    return replace(made, description=replace(made.description, resources=resources))


def _wide(made: FakeStep) -> FakeStep:
    return replace(made, description=replace(made.description, concurrency=8))


PIPELINES: dict[str, list[FakeStep]] = {
    "everything": [
        step(shout, batch_size=7),
        step(words, condition="IS_TEXT"),
        step(without_dropped),
        step(measure),
    ],
    "two_stages": [step(words), _on(Resources(cpus=0.5), step(measure))],
    "too_wide_together": [step(words), _on(Resources(cpus=2), step(measure))],
    "deadly": [step(die), step(measure)],
    "recording": [step(record, batch_size=16), step(measure)],
    "measure": [step(measure, batch_size=256)],
    "no_frame": [step(no_frame)],
    "wide": [_wide(step(measure))],
    "greedy": [_on(Resources(cpus=64, gpus=2, memory_bytes=2**40), step(measure))],
}


def build(recipe: Recipe) -> Sequence[FakeStep]:
    """The steps of the pipeline that the recipe names."""
    return PIPELINES[recipe.name]


def job(name: str) -> ExtractionJob:
    """A job of the pipeline of this name."""
    made = job_of(
        PIPELINES[name], vectors=[VectorIndex("vector", "vector", 3)], outputs=["shouted", "length", "vector"]
    )
    return replace(made, recipe=replace(made.recipe, name=name))
