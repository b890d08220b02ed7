"""Packages under test, and where they are tested."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mixpeek_orchestration.bootstrap import open_harness
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.engine.harness import Harness
from mixpeek_orchestration.extractors.registry import PackageRegistry

Describe = Callable[[Path], ExtractorDescription]


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return open_harness(tmp_path / "harness")


@pytest.fixture
def describe(tmp_path: Path) -> Describe:
    """Describes the one package in a folder."""

    def described(package: Path) -> ExtractorDescription:
        registry = PackageRegistry([package], tmp_path / "models")
        return registry.describe(registry.names()[0][0])

    return described
