"""A small run of a package that nobody has used yet: a few sample rows, in this process' worker, with short limits."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage, MixpeekError, Unschedulable
from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe
from mixpeek_orchestration.core.finding import Finding, Severity
from mixpeek_orchestration.core.ports.extraction import ExtractionJob
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.engine.pipeline import Step, build_from_recipe
from mixpeek_orchestration.isolation.levels import Limits

LIMITS: Final = Limits(call_s=60.0, start_s=60.0)
_FILE: Final = "pipeline.py"
RUN, NOT_RUN = "PUB005", "PUB006"

OpenObjects = Callable[[Mapping[str, Any]], ObjectStore]


def try_out(description: ExtractorDescription, *, scratch: Path, open_objects: OpenObjects) -> list[Finding]:
    """What is wrong with the outputs for a few sample rows. A run that could not be made is a note, not an error."""
    from mixpeek_orchestration.extractors.testing.generated import default_sample
    from mixpeek_orchestration.extractors.testing.outputs import output_findings
    from mixpeek_orchestration.extractors.testing.samples import source_items

    try:
        sample = default_sample(description, description.example_input)
    except InvalidInput as error:
        return [Finding(_FILE, 0, NOT_RUN, f"It was not tried: {error.message}", "", Severity.NOTE)]
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        store = {"url": str(Path(folder) / "objects")}
        trusted = replace(description, object_store=store)
        job = ExtractionJob(
            trusted.recipe, trusted, "col_trial", object_store=store, open_objects=open_objects
        )
        workers = _Workers()
        runner = InProcessRunner(workers.build)
        try:
            runner.check(job)
            results = list(runner.run(job, source_items(sample.items, open_objects(store))))
        except Unschedulable as error:
            return [Finding(_FILE, 0, NOT_RUN, f"It was not tried: {error.message}", "", Severity.NOTE)]
        except MixpeekError as error:
            severity = Severity.ERROR if isinstance(error, InvalidPackage) else Severity.WARNING
            return [Finding(_FILE, 0, RUN, error.message, error.fix or "", severity)]
        finally:
            workers.close()
    findings = output_findings(trusted, sample, results)
    transient = any(error.transient for result in results for error in result.errors)
    return [_softened(one) for one in findings] if transient or _asks_services(trusted) else findings


def _asks_services(description: ExtractorDescription) -> bool:
    """Whether a step calls an API: a trial gives it no keys, so what it fails with says little."""
    return any(step.resource_type.lower() == "api" for step in description.steps)


def _softened(finding: Finding) -> Finding:
    """What failed only for now (a service that did not answer) or for want of keys does not stop a package."""
    return replace(finding, severity=Severity.WARNING) if finding.severity is Severity.ERROR else finding


class _Workers:
    """The workers of a trial, which end with it."""

    def __init__(self) -> None:
        self._closing: list[Callable[[], None]] = []

    def build(self, recipe: Recipe) -> Sequence[Step]:
        """The steps of the package, in a worker with short limits where it is not trusted."""
        from mixpeek_orchestration.extractors.jailed.jailed import jailed_steps
        from mixpeek_orchestration.extractors.recipe import runs_apart

        if not runs_apart(recipe):
            return build_from_recipe(recipe)
        steps = jailed_steps(recipe, limits=LIMITS)
        self._closing += [step.worker.close for step in steps[:1]]
        return steps

    def close(self) -> None:
        """End them."""
        for close in self._closing:
            close()
