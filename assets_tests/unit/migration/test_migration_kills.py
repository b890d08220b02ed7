"""`kill -9` of the process that fills, switches or rolls back: others are answered meanwhile, and doing it again ends as
if nothing had happened."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assets_tests.unit.migration import dying_migration
from assets_tests.unit.migration.asking import Ask, Asking
from assets_tests.unit.migration.compasses import WORDS
from assets_tests.unit.migration.dying_migration import GROUP, finish, opened
from assets_tests.unit.migration.field import Field, model_of
from mixpeek_orchestration.core import document

pytestmark = pytest.mark.slow

LOG = "asked.log"
COPIES = 4
EVERYTHING = COPIES * len(WORDS)
FILL = [
    "catalog.migrations.add",
    "catalog.batches.submit",
    "catalog.migrations.change",
    "documents.commit",
    "documents.commit:3",
    "catalog.ledger.settle:2",
    "catalog.ledger.keep_reports",
    "catalog.batches.record_tiers",
]
MOVE = ["catalog.resources.activate_generation", "catalog.migrations.change"]
POINTS = [("fill", point) for point in FILL] + [(c, point) for c in ("switch", "rollback") for point in MOVE]
BEFORE = {"fill": [], "switch": ["fill"], "rollback": ["fill", "switch"]}
ENDS = {"fill": ("ready", "v1"), "switch": ("switched", "v2"), "rollback": ("ready", "v1")}
MAY_ANSWER = {"fill": {"v1"}, "switch": {"v1", "v2"}, "rollback": {"v1", "v2"}}


@pytest.fixture(scope="module")
def grown(filled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A field with more signs than a commit group holds, whose second compass writes down all that it is asked for."""
    root = tmp_path_factory.mktemp("grown")
    shutil.copytree(filled_home, root / "field")
    core = root / "field" / "packages" / "compass_two" / "processors" / "core.py"
    # Beside the packages: what lies in a package is its code.
    log = f"""
        with (__import__("pathlib").Path(__file__).parents[3] / "{LOG}").open("a") as log:
            log.writelines(f"{{text}}\\n" for text in batch["text"])
"""
    before = '        batch["model"] ='
    core.write_text(core.read_text().replace(before, f"{log.strip(chr(10))}\n{before}"))
    field = opened(root / "field")
    field.ingest(*[f"{word} {number}" for word in WORDS for number in range(1, COPIES)])
    field.warehouse.close()
    return root / "field"


@pytest.fixture
def root(grown: Path, tmp_path: Path) -> Path:
    shutil.copytree(grown, tmp_path / "field")
    return tmp_path / "field"


def asked_of_second(root: Path) -> Counter[str]:
    """How often each sign was given to the second compass."""
    log = root / LOG
    return Counter(log.read_text().splitlines() if log.exists() else [])


def state(field: Field) -> dict[str, Any]:
    """Everything that a migration leaves, without what differs between two that end alike."""
    collection, documents = field.collection, field.warehouse.documents
    own = {document.BATCH, document.CREATED_AT, document.UPDATED_AT}
    tables = {}
    for generation in field.warehouse.catalog.resources.generations(collection.collection_id):
        rows = documents.read(generation.table).to_pylist()
        kept = [{name: str(value) for name, value in row.items() if name not in own} for row in rows]
        tables[generation.table] = sorted(kept, key=lambda row: row["document_id"])
    told = field.warehouse.migrations.status(collection)
    failures = len(field.warehouse.catalog.ledger.failures(collection.collection_id))
    return {"tables": tables, "state": told.state, "left": told.remaining, "failures": failures}


@contextmanager
def asking(root: Path, model: str) -> Iterator[Asking]:
    """Somebody in this process who searches all the time, and is answered by this model at first."""

    @contextmanager
    def connect() -> Iterator[Ask]:
        own = opened(root)
        try:
            yield lambda query: model_of(query, own.search(query))
        finally:
            own.warehouse.close()

    with Asking(connect, clients=1) as client:
        client.wait_for(model)
        yield client


@pytest.fixture(scope="module")
def undisturbed(grown: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What is there after each command when nothing is killed."""
    root = tmp_path_factory.mktemp("undisturbed") / "field"
    shutil.copytree(grown, root)
    field = opened(root)
    seen = {}
    for command in ("fill", "switch", "rollback"):
        dying_migration.do(field, command)
        seen[command] = state(field)
    assert set(asked_of_second(root).values()) == {1}
    field.warehouse.close()
    return seen


@pytest.mark.parametrize(("command", "point"), POINTS, ids=[f"{c}-{p}" for c, p in POINTS])
def test_a_killed_migration_ends_like_any_other(
    root: Path, undisturbed: dict[str, dict[str, Any]], command: str, point: str
) -> None:
    """The process dies by SIGKILL at this point. One model answers before, meanwhile and after; the same command again
    ends with the same tables and accounts as without a kill; at most one commit group is extracted twice."""
    field = opened(root)
    for earlier in BEFORE[command]:
        dying_migration.do(field, earlier)
    script = [sys.executable, "-m", dying_migration.__name__, str(root), command, point]
    with asking(root, field.model()) as client:
        died = subprocess.run(script, check=False)
        assert died.returncode == -signal.SIGKILL
        finish(field)
        if field.warehouse.migrations.status(field.collection).state != ENDS[command][0]:
            dying_migration.do(field, command)
        client.wait_for(ENDS[command][1])
    assert set(client.models) <= MAY_ANSWER[command]
    assert state(field) == undisturbed[command]
    asked = asked_of_second(root)
    assert len(asked) == EVERYTHING
    assert sum(asked.values()) <= EVERYTHING + GROUP
    field.warehouse.close()
