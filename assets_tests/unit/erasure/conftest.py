"""A warehouse of real parts for each test: an erasure empties what others would share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets_tests.unit.tiers.lab import PACKAGES, TierLab
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def lab(home: Path, tmp_path: Path) -> Iterator[TierLab]:
    packages = tmp_path / "packages"
    shutil.copytree(PACKAGES, packages)
    settings = Settings(home=home, extractor_paths=str(packages))
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    yield TierLab(warehouse, packages, warehouse.ensure_namespace("default"))
    warehouse.close()
