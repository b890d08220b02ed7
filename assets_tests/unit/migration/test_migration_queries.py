"""Queries that go on all the time while a collection is migrated."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from assets_tests.unit.migration.asking import Asking
from assets_tests.unit.migration.field import Field, model_of


def test_queries_see_no_error_and_no_mixture(field: Field) -> None:
    """Through start, filling, new objects, switch, rollback, switch and drop every answer is whole: its documents are of
    one generation, and its query was encoded by the code that made them."""
    migrations = field.warehouse.migrations

    def ask(query: str) -> str:
        return model_of(query, field.search(query))

    with Asking(lambda: nullcontext(ask), clients=3) as asking:
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
