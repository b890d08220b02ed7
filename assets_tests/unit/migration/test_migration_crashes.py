"""A crash between any two steps of a migration: what answers stays whole, and doing the same again finishes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assets_tests.unit.migration.field import Field, second

pytestmark = pytest.mark.slow


class Killed(BaseException):
    """Stands for `kill -9`: nothing of ours catches it."""


def start(field: Field) -> None:
    field.migrate()


def switch(field: Field) -> None:
    field.warehouse.migrations.switch(field.collection)


def rollback(field: Field) -> None:
    field.warehouse.migrations.rollback(field.collection)


def drop(field: Field) -> None:
    field.warehouse.migrations.drop(field.collection)


def abandon(field: Field) -> None:
    field.warehouse.migrations.abandon(field.collection)


BEFORE: dict[Callable[[Field], None], list[Callable[[Field], None]]] = {
    start: [],
    switch: [start],
    rollback: [start, switch],
    drop: [start, switch],
    abandon: [start],
}
STEPS = [
    (start, "catalog.migrations.add"),
    (start, "catalog.batches.create"),
    (start, "catalog.batches.submit"),
    (start, "catalog.migrations.change"),
    (start, "documents.commit"),
    (start, "catalog.ledger.settle"),
    (start, "catalog.ledger.keep_reports"),
    (start, "catalog.batches.record_tiers"),
    (switch, "catalog.resources.activate_generation"),
    (switch, "catalog.migrations.change"),
    (rollback, "catalog.resources.activate_generation"),
    (rollback, "catalog.migrations.change"),
    (drop, "catalog.resources.delete_generation"),
    (drop, "documents.drop"),
    (drop, "catalog.resources.put_generation"),
    (drop, "catalog.migrations.change"),
    (abandon, "catalog.resources.delete_generation"),
    (abandon, "documents.drop"),
    (abandon, "catalog.migrations.change"),
]
ENDS = {
    start: ("ready", "v1"),
    switch: ("switched", "v2"),
    rollback: ("ready", "v1"),
    drop: ("dropped", "v2"),
    abandon: ("abandoned", "v1"),
}


@pytest.mark.parametrize(("command", "step"), STEPS, ids=[f"{c.__name__}-{s}" for c, s in STEPS])
def test_a_crash_after_any_step_is_finished_by_doing_it_again(
    field: Field, command: Callable[[Field], None], step: str
) -> None:
    """Right after the crash one model answers; the same command again ends where it would have ended at once."""
    for earlier in BEFORE[command]:
        earlier(field)
    crash_after(field, step)
    with pytest.raises(Killed):
        command(field)
    assert field.model() in ("v1", "v2")
    field.run_pending()
    restart_unfinished(field)
    if field.warehouse.migrations.of(field.collection)[0].is_open:
        command(field)
    state, model = ENDS[command]
    assert field.warehouse.migrations.status(field.collection).state == state
    assert field.model() == model
    check_consistent(field)


def crash_after(field: Field, step: str) -> None:
    """The next call of a method does its work, and then the process is gone; later ones work."""
    *path, name = step.split(".")
    owner: Any = field.warehouse
    for part in path:
        owner = getattr(owner, part)
    real = getattr(owner, name)

    def once(*arguments: Any, **options: Any) -> Any:
        setattr(owner, name, real)
        real(*arguments, **options)
        raise Killed(step)

    setattr(owner, name, once)


def restart_unfinished(field: Field) -> None:
    """What Dagster's retry does with the run of a batch that was killed."""
    for batch in field.warehouse.catalog.batches.recent(statuses={"IN_PROGRESS"}):
        field.run(batch.batch_id)


def check_consistent(field: Field) -> None:
    """The pointer names a generation that exists; as many tables are there as generations; every row is of the model of
    its generation."""
    resources, documents = field.warehouse.catalog.resources, field.warehouse.documents
    collection = field.collection
    generations = resources.generations(collection.collection_id)
    assert collection.active_generation in {g.generation_id for g in generations}
    tables = {f"{collection.collection_id}_g{n}" for n in (1, 2, 3)}
    assert {t for t in tables if documents.version(t)} == {g.table for g in generations}
    for generation in generations:
        rows = documents.read(generation.table).to_pylist()
        assert {row["model"] for row in rows} == {generation.extractor_version}
        assert len({row["document_id"] for row in rows}) == len(rows) == 4


def test_a_run_that_is_killed_while_it_follows_catches_up(field: Field) -> None:
    """A batch whose run dies between the two generations brings both up to date when it is run again."""
    field.migrate(second())
    crash_after(field, "catalog.batches.record_tiers")
    with pytest.raises(Killed):
        field.ingest("north star")
    restart_unfinished(field)
    assert field.warehouse.migrations.status(field.collection).remaining.is_done
    switch(field)
    assert "north star" in [d["text"] for d in field.search("south")]
