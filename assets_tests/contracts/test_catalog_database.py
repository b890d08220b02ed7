"""What only the SQL catalog has: a schema with a history, a file or server that can fail, and other processes."""

from __future__ import annotations

import pickle
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assets_tests.contracts.catalog_values import BUCKET, NAMESPACE, bucket, source_object
from mixpeek_orchestration.core.errors import Broken, InvalidInput, MixpeekError, NotReady
from mixpeek_orchestration.core.ports.resources import Namespace
from mixpeek_orchestration.stores.catalog import open_catalog, upgrade_catalog
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.schema import HEAD, metadata
from mixpeek_orchestration.stores.catalog.sql import SqlCatalog
from mixpeek_orchestration.stores.catalog.upgrade import SCRIPTS, current_revision


def _run(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


def test_the_migrations_make_the_tables(catalog_url: str) -> None:
    """Alembic finds no difference between a migrated database and the tables that the code uses."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    upgrade_catalog(catalog_url)
    with Database(catalog_url).reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_newest_revision_is_known_without_alembic() -> None:
    """The revision in the code is the head of the migrations, and there is one head."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_upgrading_twice_changes_nothing(
    kind: str, tmp_path: Path, empty_database: Callable[[], str]
) -> None:
    """The first upgrade says that it did something, the second that it did not."""
    sqlite = f"sqlite:///{tmp_path / 'deep' / 'folder' / 'catalog.db'}"
    url = sqlite if kind == "sqlite" else empty_database()
    assert (upgrade_catalog(url), upgrade_catalog(url)) == (True, False)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_may_upgrade_at_once(kind: str, tmp_path: Path, empty_database: Callable[[], str]) -> None:
    """Of four processes that open a catalog which does not exist, one makes it and all can use it."""
    url = f"sqlite:///{tmp_path / 'catalog.db'}" if kind == "sqlite" else empty_database()
    script = """
import sys
from mixpeek_orchestration.stores.catalog import open_catalog, upgrade_catalog
from mixpeek_orchestration.core.ports.resources import Namespace
made = upgrade_catalog(sys.argv[1])
open_catalog(sys.argv[1]).resources.put_namespace(Namespace(f"ns_{sys.argv[2]}", f"name {sys.argv[2]}"))
print(made)
"""
    made = [_ended(process) for process in [_run(script, url, str(number)) for number in range(4)]]
    assert sorted(made) == ["False", "False", "False", "True"]
    assert open_catalog(url).resources.revision() == 4


def test_a_migration_can_be_taken_back(tmp_path: Path) -> None:
    """Downgrading leaves an empty database, and upgrading it again works."""
    from alembic import command

    from mixpeek_orchestration.stores.catalog.upgrade import alembic_config

    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    upgrade_catalog(url)
    database = Database(url)
    with database.writing() as connection:
        command.downgrade(alembic_config(connection), "base")
    with database.reading() as connection:
        assert current_revision(connection) is None
    assert upgrade_catalog(url)


def test_opening_a_current_catalog_does_not_import_alembic(catalog_url: str) -> None:
    """Alembic is paid for only when there is something to upgrade."""
    upgrade_catalog(catalog_url)
    script = """
import sys
from mixpeek_orchestration.stores.catalog import open_catalog
open_catalog(sys.argv[1]).resources.revision()
print([name for name in ("alembic", "filelock", "sqlalchemy.orm") if name in sys.modules])
"""
    assert _ended(_run(script, catalog_url)) == "[]"


def test_the_twin_needs_no_database() -> None:
    """The catalog in memory imports no SQLAlchemy."""
    script = """
import sys
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
MemoryCatalog()
print("sqlalchemy" in sys.modules)
"""
    assert _ended(_run(script)) == "False"


def test_a_catalog_from_the_future_is_refused(catalog_url: str) -> None:
    """A schema that this version does not know is not touched, and the error says what to do."""
    from sqlalchemy import text

    upgrade_catalog(catalog_url)
    database = Database(catalog_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(Broken, match="9999"):
            open_catalog(catalog_url)
    finally:
        with database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})


def test_sqlite_is_in_wal_mode_and_checks_foreign_keys(tmp_path: Path) -> None:
    """Readers never wait for a writer, waiting is bounded at 20 s or more, and references are checked."""
    catalog = open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    with catalog._database.reading() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert (said["journal_mode"], said["foreign_keys"]) == ("wal", 1)
    assert said["busy_timeout"] >= 20_000


def test_a_lock_that_stays_is_not_ready(tmp_path: Path) -> None:
    """A write that waits longer than the busy timeout is `NotReady` with a fix; reads go on all the while."""
    path = tmp_path / "catalog.db"
    catalog = SqlCatalog(f"sqlite:///{path}", busy_timeout_s=0.05)
    catalog.resources.put_namespace(Namespace(NAMESPACE, "one"))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotReady) as raised:
        catalog.objects.put([source_object(1)])
    assert raised.value.fix
    assert catalog.resources.revision() == 1
    holder.execute("ROLLBACK")
    catalog.objects.put([source_object(1)])
    assert catalog.objects.ids(BUCKET) == ["obj_000001"]


def test_a_refused_connection_is_not_ready() -> None:
    """A PostgreSQL server that is not there is something to wait for; the password is not shown."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(NotReady) as raised:
        open_catalog(f"postgresql://user:hidden@127.0.0.1:{port}/catalog")
    assert raised.value.fix
    assert "hidden" not in f"{raised.value} {raised.value.details()}"


def test_a_lost_connection_is_replaced(empty_postgres_catalog_url: str) -> None:
    """After the server has cut all connections the catalog answers again by itself."""
    import psycopg2

    catalog = open_catalog(empty_postgres_catalog_url)
    catalog.resources.put_namespace(Namespace(NAMESPACE, "one"))
    killer = psycopg2.connect(empty_postgres_catalog_url)
    killer.autocommit = True
    killer.cursor().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    killer.close()
    assert catalog.resources.revision() == 1


@pytest.mark.parametrize("url", ["", "no url", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_names_no_catalog_is_refused(url: str) -> None:
    """A URL of another database, or of a database that no other process could see, is refused with examples."""
    with pytest.raises(InvalidInput) as raised:
        open_catalog(url)
    assert raised.value.field == "catalog_url"
    assert "sqlite:////" in str(raised.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A damaged or foreign file gives our error with the URL, not the driver's."""
    path = tmp_path / "catalog.db"
    path.write_text("this is not a database, but long enough to be taken for one" * 100)
    with pytest.raises(MixpeekError) as raised:
        open_catalog(f"sqlite:///{path}")
    assert str(path) in str(raised.value.value)


def test_a_pickled_catalog_opens_itself(catalog_url: str) -> None:
    """A catalog that travels to another process opens the same database there."""
    catalog = open_catalog(catalog_url)
    catalog.resources.put_namespace(Namespace(NAMESPACE, "one"))
    assert pickle.loads(pickle.dumps(catalog)).resources.namespace("one") == catalog.resources.namespace(
        "one"
    )


def test_a_killed_writer_leaves_nothing(catalog_url: str) -> None:
    """A process that dies inside a transaction leaves neither a part of it nor a lock."""
    catalog = open_catalog(catalog_url)
    script = """
import os, signal, sys
from sqlalchemy import update
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.schema import revisions
with Database(sys.argv[1]).writing() as connection:
    connection.execute(update(revisions).values(value=999))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    process = _run(script, catalog_url)
    process.communicate(timeout=60)
    assert process.returncode == -9
    catalog.resources.put_namespace(Namespace(NAMESPACE, "one"))
    assert catalog.resources.revision() == 1


def test_processes_and_threads_write_together(catalog_url: str) -> None:
    """Processes and threads that put, settle and count definitions at once all succeed, and every change counts."""
    catalog = open_catalog(catalog_url)
    catalog.resources.put_namespace(Namespace(NAMESPACE, "one"))
    script = """
import sys
from assets_tests.contracts.catalog_values import bucket, outcome, source_object
from mixpeek_orchestration.stores.catalog import open_catalog
catalog, worker = open_catalog(sys.argv[1]), int(sys.argv[2])
for step in range(10):
    first = worker * 1000 + step * 50
    catalog.objects.put([source_object(number) for number in range(first, first + 50)])
    catalog.resources.put_bucket(bucket(f"bucket {worker}", f"bkt_{worker}", description=str(step)))
    catalog.ledger.settle(f"gen_{worker}", collection_id="c", batch_id="b", done=["x"],
                          outcomes=[outcome(f"item_{step}")], errors=[], versions={})
"""
    processes = [_run(script, catalog_url, str(worker)) for worker in range(3)]
    counts: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            counts.append(catalog.objects.frame([BUCKET]).height)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for process in processes:
            _ended(process)
    finally:
        done.set()
        reader.join()
    assert counts == sorted(counts)
    assert {count % 50 for count in counts} == {0}
    assert catalog.objects.counts(BUCKET).objects == 1500
    assert catalog.resources.revision() == 1 + 3 * 10
    assert [catalog.ledger.outcomes(f"gen_{worker}").height for worker in range(3)] == [10, 10, 10]


def test_an_edit_and_its_count_are_one_change(catalog_url: str) -> None:
    """A definition that is refused leaves the revision where it was."""
    catalog = open_catalog(catalog_url)
    with pytest.raises(MixpeekError):
        catalog.resources.put_bucket(bucket())
    assert catalog.resources.revision() == 0
