"""Packages that are not trusted, used like any other: their steps and their description live in worker processes, and
these are the stand-ins on our side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.core.errors import Broken, InvalidPackage, WorkerDied
from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe, StepDescription
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors.guarded import guarded_processor
from mixpeek_orchestration.extractors.jailed.frames import from_worker, to_worker
from mixpeek_orchestration.extractors.jailed.worker import before_any_row, enough_for, package_worker
from mixpeek_orchestration.extractors.requirements import check_system_packages
from mixpeek_orchestration.isolation.levels import Level, Limits
from mixpeek_orchestration.isolation.worker import Worker

if TYPE_CHECKING:
    import pandas as pd

_DEADLY_ROWS: Final = 8
"""So many single rows that each ended the worker, none before having succeeded, are the package's fault."""


def describe_jailed(
    path: Path | str,
    parameters: Mapping[str, Any] | None = None,
    *,
    level: Level | str,
    model_cache: Path | str = "",
    python: Path | str = "",
    limits: Limits | None = None,
) -> ExtractorDescription:
    """The description of the package in a folder, made in a worker: its code has run nowhere else.

    Raises what describing raises, `InvalidPackage` also for a package that ends or hangs its process, and
    `Unschedulable` when this machine cannot isolate to the level.
    """
    folder = Path(path).resolve()
    python = str(python) if python else ""
    recipe = Recipe(folder.name, "", str(folder), dict(parameters or {}), "", str(model_cache), python=python)
    worker = package_worker(replace(recipe, isolation=Level(level).value), limits=limits)
    try:
        with before_any_row("The import of the package"):
            plain = worker.call("describe", wall_s=worker.limits.start_s)
    finally:
        worker.close()
    described = _read(plain)
    if not described.container_image:
        check_system_packages(described.system_packages)
    return replace(
        described,
        path=str(folder),
        model_cache=str(model_cache),
        python=python,
        isolation=Level(level).value,
        archive="",
        namespace_id="",
        source="builtin",
    )


def _read(plain: Any) -> ExtractorDescription:
    try:
        return ExtractorDescription.from_dict(plain)
    except (Broken, AttributeError) as error:
        raise InvalidPackage(
            "The package described itself as what no package is.", fix="Leave our modules as they are."
        ) from error


@dataclass(frozen=True)
class JailedStep:
    """A step whose processor lives in a worker that it shares with the other steps of its pipeline."""

    description: StepDescription
    place: int
    is_last: bool
    worker: Worker
    platform: Platform | None = None

    def create(self) -> Callable[[pd.DataFrame], pd.DataFrame]:
        """A stand-in for the processor, which exists in the worker then.

        Raises `InvalidPackage` when the package ends the worker before it has seen a row.
        """
        with before_any_row(f"Step {self.description.name!r}"):
            self.worker.prepare("create", step=self.place)
        return guarded_processor(_StandIn(self), self.platform, name=f"Step {self.description.name!r}")


class _StandIn:
    """Sends batches to the worker. A batch that ends it fails, and is bisected by whoever sent it."""

    def __init__(self, step: JailedStep) -> None:
        self._step = step
        self._succeeded = False
        self._deadly = 0

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        step = self._step
        try:
            table = step.worker.call("process", to_worker(batch), step=step.place)
        except WorkerDied as died:
            self._count(died, len(batch))
            raise
        self._succeeded = True
        return from_worker(table, last=step.is_last)

    def _count(self, died: WorkerDied, rows: int) -> None:
        self._deadly += rows == 1 and not self._succeeded
        if self._deadly >= _DEADLY_ROWS:
            raise InvalidPackage(
                f"Step {self._step.description.name!r} ends its process at every row: {died.message}",
                field=self._step.description.name,
                value=died.value,
                fix="Run it on one row; mend what exits, hangs or needs too much memory.",
            ) from died


def jailed_steps(recipe: Recipe, *, limits: Limits | None = None) -> list[JailedStep]:
    """The steps of the recipe's package, in one worker; raises `Conflict` when it is not the planned package."""
    platform = None if recipe.platform is None else recipe.platform.open()
    worker = package_worker(recipe, limits=limits, platform=platform)
    described = _described(worker)
    needed = enough_for(worker.limits, max((step.resources.memory_bytes for step in described), default=0))
    if needed != worker.limits:
        worker.close()
        worker = package_worker(recipe, limits=needed, platform=platform)
    last = len(described) - 1
    return [JailedStep(step, place, place == last, worker, platform) for place, step in enumerate(described)]


def _described(worker: Worker) -> list[StepDescription]:
    from pydantic import TypeAdapter, ValidationError

    with before_any_row("build_steps"):
        plain = worker.call("steps", wall_s=worker.limits.start_s)
    try:
        return TypeAdapter(list[StepDescription]).validate_python(plain)
    except ValidationError as error:
        worker.close()
        raise InvalidPackage(
            "The package described steps that are none.", field="build_steps.steps"
        ) from error
