"""Stacks for the end-to-end tests. Each has its own home and ports, so that they run beside any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets_tests.e2e.application import Application
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.running_stack import PACKAGES, RunningStack, free_ports
from assets_tests.e2e.working_copies import copy_package


@contextmanager
def _stack(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[RunningStack]:
    stack = RunningStack(home, free_ports(), settings or {})
    try:
        yield stack
    finally:
        stack.mixpeek("down")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack that is up, in a home whose path has a blank, an umlaut and a percent sign."""
    with _stack(tmp_path_factory.mktemp("stack") / "my höme 100%") as running:
        running.up()
        yield running


@pytest.fixture
def other_stack(tmp_path: Path) -> Iterator[RunningStack]:
    """The home of another stack, not yet up."""
    with _stack(tmp_path / "other") as other:
        yield other


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A home in which nothing was ever started."""
    with _stack(tmp_path_factory.mktemp("empty") / "home") as empty:
        yield empty


@pytest.fixture(scope="module")
def ray_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack that extracts everything on Ray, however little it is, with the package that writes down its work."""
    packages = Path(__file__).parents[2] / "benchmarks" / "packages"
    settings = {"MIXPEEK_IN_PROCESS_ITEMS": "0", "MIXPEEK_EXTRACTOR_PATHS": str(packages)}
    with _stack(tmp_path_factory.mktemp("ray") / "home", settings) as running:
        running.up()
        yield running


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the shared stack's working copies, which tests may add to."""
    folder = tmp_path_factory.mktemp("packages")
    copy_package(PACKAGES / "word_vectors", folder, name="word_vectors")
    return folder


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Iterator[RunningStack]:
    """A stack for all tests that take names of their own and leave its services as they found them."""
    settings = {"MIXPEEK_EXTRACTOR_PATHS": str(packages)}
    with _stack(tmp_path_factory.mktemp("shared") / "home", settings) as running:
        running.up()
        yield running


@pytest.fixture(scope="session")
def application(shared_stack: RunningStack) -> Iterator[Application]:
    """An application that talks to the shared stack."""
    with shared_stack.client() as client:
        yield Application(client)


@pytest.fixture(scope="session")
def dagster(shared_stack: RunningStack) -> DagsterSite:
    """The Dagster webserver of the shared stack."""
    return DagsterSite(shared_stack.url("webserver"))
