"""A whole warehouse with the toy package: real SQLite, Lance and folders, work in process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets_tests.unit.tiers.lab import PACKAGES, TierLab
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.warehouse import Warehouse


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, Path]]:
    """One warehouse for all tests of a module; each has a namespace and the package of its own."""
    folder = tmp_path_factory.mktemp("tiers")
    packages = folder / "packages"
    packages.mkdir()
    settings = Settings(home=folder / "home", extractor_paths=str(packages))
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    yield warehouse, packages
    warehouse.close()


@pytest.fixture
def lab(opened: tuple[Warehouse, Path]) -> TierLab:
    warehouse, packages = opened
    shutil.rmtree(packages)
    shutil.copytree(PACKAGES, packages)
    return TierLab(warehouse, packages, warehouse.ensure_namespace(random_id("tiers")))
