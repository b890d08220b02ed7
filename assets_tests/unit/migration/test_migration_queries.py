"""Queries that go on all the time while a collection is migrated."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from dataclasses import field as made_of
from typing import Any

from assets_tests.unit.migration.compasses import WORDS
from assets_tests.unit.migration.field import Field, model_of


@dataclass
class Asking:
    """Threads that ask without a pause, and what they were told."""

    field: Field
    models: list[str] = made_of(default_factory=list)
    errors: list[BaseException] = made_of(default_factory=list)
    stop: threading.Event = made_of(default_factory=threading.Event)

    def __enter__(self) -> Asking:
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def heard(self, model: str, *, since: int) -> bool:
        """Whether this model has answered after so many answers."""
        return model in self.models[since:]

    def wait_for(self, model: str) -> None:
        """Until an answer of this model comes that was asked for from now on, or something went wrong."""
        since = len(self.models) + len(self._threads)
        while not self.errors and not self.heard(model, since=since):
            self.stop.wait(0.005)

    def _ask(self, turn: int) -> None:
        while not self.stop.is_set():
            query = WORDS[turn % len(WORDS)]
            turn += 1
            try:
                self.models.append(model_of(query, self.field.search(query)))
            except BaseException as error:  # noqa: BLE001 - the test shows what any thread ran into
                self.errors.append(error)
                return


def test_queries_see_no_error_and_no_mixture(field: Field) -> None:
    """Through start, filling, new objects, switch, rollback, switch and drop every answer is whole: its documents are of
    one generation, and its query was encoded by the code that made them."""
    migrations = field.warehouse.migrations
    with Asking(field) as asking:
        asking.wait_for("v1")
        field.migrate()
        field.ingest("north star", "south pole")
        asking.wait_for("v1")
        migrations.switch(field.collection)
        asking.wait_for("v2")
        migrations.rollback(field.collection)
        asking.wait_for("v1")
        migrations.switch(field.collection)
        asking.wait_for("v2")
        migrations.drop(field.collection)
        asking.wait_for("v2")
    assert asking.errors == []
    assert set(asking.models) == {"v1", "v2"}


def test_a_request_survives_the_drop_of_what_it_reads(field: Field) -> None:
    """A request that has begun on a generation which is switched away and dropped meanwhile is answered by the one that
    took over, not with nothing."""
    field.migrate()
    migrations = field.warehouse.migrations
    encoder: Any = field.warehouse.parts.encoder
    encode, dropped = encoder.encode, []

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        if not dropped:
            dropped.append(True)
            migrations.switch(field.collection)
            migrations.drop(field.collection)
        return encode(*arguments, **options)

    encoder.encode = meanwhile
    assert field.model("east") == "v2"


def test_an_answer_is_of_one_version_of_one_table(field: Field) -> None:
    """A switch in the middle of a request does not reach it: documents and query stay those it began with."""
    field.migrate()
    encoder: Any = field.warehouse.parts.encoder
    encode, switched = encoder.encode, []

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        if not switched:
            switched.append(True)
            field.warehouse.migrations.switch(field.collection)
        return encode(*arguments, **options)

    encoder.encode = meanwhile
    assert field.model("east") == "v1"
    assert field.model("east") == "v2"
