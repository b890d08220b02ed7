"""Homes with the test packages, and a namespace for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from assets_tests.unit.declarations.notes import PACKAGES
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.warehouse import Warehouse

NewHome = Callable[[str], Warehouse]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewHome]:
    """Opens empty homes by name."""
    opened: list[Warehouse] = []

    def new(name: str) -> Warehouse:
        settings = Settings(home=tmp_path_factory.mktemp(name), extractor_paths=str(PACKAGES))
        prepare_home(settings)
        opened.append(open_warehouse(settings, local=True))
        return opened[-1]

    yield new
    for warehouse in opened:
        warehouse.close()


@pytest.fixture(scope="session")
def warehouse(home: NewHome) -> Warehouse:
    """One for all tests, which have a namespace each."""
    return home("home")


@pytest.fixture
def namespace_id(warehouse: Warehouse) -> str:
    return warehouse.access.create_namespace(f"ns-{next(_NUMBERS)}").namespace_id
