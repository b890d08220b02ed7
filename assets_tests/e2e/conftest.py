"""Stacks for the end-to-end tests. Each has its own home and ports, so that they run beside any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets_tests.e2e.running_stack import RunningStack, free_ports


@contextmanager
def _stack(home: Path) -> Iterator[RunningStack]:
    stack = RunningStack(home, free_ports())
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
