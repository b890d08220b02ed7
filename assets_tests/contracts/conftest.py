"""The stores under contract. A new implementation joins a suite by one more parameter of its fixture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.stores.catalog import open_catalog, upgrade_catalog
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
from mixpeek_orchestration.stores.objects import open_objects
from mixpeek_orchestration.stores.objects_memory import MemoryObjectStore


@pytest.fixture(params=["memory", "folder", "s3"])
def object_store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty object store of every kind."""
    if request.param == "memory":
        return MemoryObjectStore()
    if request.param == "folder":
        return open_objects({"url": str(tmp_path / "objects")})
    options = request.getfixturevalue("s3_options")
    return open_objects({"url": f"s3://warehouse/{tmp_path.name}", "options": options})


@pytest.fixture(scope="session")
def postgres_catalog_url(empty_database: Callable[[], str]) -> str:
    """The URL of the one migrated database that tests empty and use."""
    url = empty_database()
    upgrade_catalog(url)
    return url


@pytest.fixture
def empty_postgres_catalog_url(postgres_catalog_url: str) -> str:
    """The URL of an empty catalog; emptying one takes a tenth of the time of making one."""
    import psycopg2

    from mixpeek_orchestration.stores.catalog.schema import metadata, revisions

    names = ", ".join(table.name for table in metadata.sorted_tables if table is not revisions)
    connection = psycopg2.connect(postgres_catalog_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        cursor.execute("UPDATE catalog_revision SET value = 0")
    connection.close()
    return postgres_catalog_url


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty catalog in every database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    return str(request.getfixturevalue("empty_postgres_catalog_url"))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalog of every kind."""
    if request.param == "memory":
        yield MemoryCatalog()
        return
    if request.param == "sqlite":
        opened = open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    else:
        opened = open_catalog(request.getfixturevalue("empty_postgres_catalog_url"))
    yield opened
    opened.close()
