"""Every check of a package, one after the other: what `plugin test` and `plugin validate` show and `publish` asks first."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mixpeek_orchestration.core.extractor import ExtractorDescription
    from mixpeek_orchestration.engine.harness import Harness
    from mixpeek_orchestration.extractors.testing.report import Check, Report
    from mixpeek_orchestration.extractors.testing.samples import Sample
    from mixpeek_orchestration.extractors.testing.structure import Structure


@dataclass(frozen=True)
class Wanted:
    """What to look at. `rows` are sample objects given directly; `in_process` runs the sample without Ray;
    `run_s` is how long the steps may take for it."""

    sample: Path | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    conformance: bool = False
    in_process: bool = False
    run_s: float = 600.0
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Listener:
    """Who is told what begins and what was found."""

    begins: Callable[[str], None] = lambda name: None
    found: Callable[[Check], None] = lambda check: None


def static_checks(folder: Path, listener: Listener | None = None) -> Report:
    """The checks that run none of the package's steps and none of its tests."""
    return _report(listener or Listener(), lambda record: _static(folder, Wanted(), record))


def all_checks(folder: Path, wanted: Wanted, listener: Listener | None = None) -> Report:
    """Every check. Those that need a pipeline are left out when there is none."""
    return _report(listener or Listener(), lambda record: _all(folder, wanted, record))


class _Record:
    """Collects checks and tells the listener."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.checks: list[Check] = []
        self.resources: dict[str, Any] = {}

    def add(self, *checks: Check) -> None:
        for check in checks:
            self.checks.append(check)
            self._listener.found(check)

    def begin(self, name: str) -> None:
        self._listener.begins(name)


def _report(listener: Listener, look: Callable[[_Record], object]) -> Report:
    from mixpeek_orchestration.extractors.testing.report import Report

    record = _Record(listener)
    look(record)
    return Report(tuple(record.checks), record.resources)


def _static(folder: Path, wanted: Wanted, record: _Record) -> Structure:
    from mixpeek_orchestration.extractors.lint import lint
    from mixpeek_orchestration.extractors.testing.structure import check_lint, check_structure
    from mixpeek_orchestration.settings import Settings

    record.begin("structure")
    found = check_structure(folder, model_cache=Settings().root / "extractors", parameters=wanted.parameters)
    record.add(*found.checks)
    if (folder / "manifest.py").is_file():
        record.begin("lint")
        record.add(check_lint(folder, lint))
    return found


def _all(folder: Path, wanted: Wanted, record: _Record) -> None:
    from mixpeek_orchestration.extractors.testing.own_tests import check_own_tests

    structure = _static(folder, wanted, record)
    if structure.description is None:
        return
    record.begin("own tests")
    record.add(check_own_tests(folder, python=structure.description.python))
    sample = _sample(structure, wanted, record)
    if sample is not None:
        with _harness(wanted.run_s) as harness:
            _run(harness, structure.description, sample, wanted, record)


def _sample(structure: Structure, wanted: Wanted, record: _Record) -> Sample | None:
    """The sample data; a check that fails when what was given cannot be used."""
    from mixpeek_orchestration.core.errors import InvalidInput
    from mixpeek_orchestration.extractors.testing import rules
    from mixpeek_orchestration.extractors.testing.generated import default_sample
    from mixpeek_orchestration.extractors.testing.report import failed
    from mixpeek_orchestration.extractors.testing.samples import read_sample, sample_of

    description = structure.description
    assert description is not None
    try:
        if wanted.sample is not None:
            return read_sample(wanted.sample, description)
        if wanted.rows:
            return sample_of(wanted.rows, description, origin="the input")
        return default_sample(description, structure.example)
    except InvalidInput as error:
        record.add(failed("sample data", rules.SAMPLE, error, file=str(wanted.sample or "sample data")))
        return None


def _run(
    harness: Harness, description: ExtractorDescription, sample: Sample, wanted: Wanted, record: _Record
) -> None:
    if description.has_realtime:
        record.begin("realtime")
        record.add(harness.check_realtime(description))
    record.begin("sample run")
    check, usage = (
        harness.run_here(description, sample)
        if wanted.in_process
        else harness.run_on_ray(description, sample)
    )
    record.add(check)
    record.resources["sample_run"] = usage_shown(usage, len(sample.items))
    if wanted.conformance:
        from mixpeek_orchestration.extractors.testing.conformance import conformance_checks

        with harness.bench(description) as bench:
            cost = conformance_checks(bench, sample, begins=record.begin, found=record.add)
        record.resources["conformance"] = cost


def usage_shown(usage: Any, objects: int) -> dict[str, Any]:
    """What a run cost, in numbers for people and programs."""
    return {
        "runner": usage.runner,
        "objects": objects,
        "wall_s": round(usage.wall_s, 3),
        "cpu_s": round(usage.cpu_s, 3),
        "peak_rss_mb": round(usage.peak_rss_bytes / 1e6, 1),
    }


@contextmanager
def _harness(run_s: float) -> Iterator[Harness]:
    """A harness whose state is gone afterwards."""
    from mixpeek_orchestration.bootstrap import open_harness

    with tempfile.TemporaryDirectory(prefix="mixpeek-test-", ignore_cleanup_errors=True) as root:
        yield replace(open_harness(Path(root)), run_s=run_s)
