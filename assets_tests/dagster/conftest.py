"""A site and a Dagster instance for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets_tests.dagster.services import Services
from assets_tests.dagster.site import OneWarehouse, Site, open_site
from mixpeek_orchestration.defs.instance import as_yaml, instance_config


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Dagster's processes; nothing of them is left after a test."""
    made = Services(tmp_path)
    yield made
    made.end()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A warehouse of real parts: SQLite, Lance, a folder, the in-process runner and a trivial extractor. Where the test
    has processes, it is the home that they work on."""
    if "services" in request.fixturenames:
        services: Services = request.getfixturevalue("services")
        opened = open_site(services.settings.home, packages=services.packages)
    else:
        opened = open_site(tmp_path / "home")
    yield opened
    OneWarehouse.opened.pop(str(opened.settings.home)).close()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A real Dagster instance on SQLite, configured as in the local stack."""
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(as_yaml(instance_config(tmp_path)))
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened
