"""What a catalog promises about migrations and the queries that generations are compared on."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from assets_tests.contracts.catalog_values import COLLECTION, GENERATION, NAMESPACE, collection, generation
from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.migrations import LoggedQuery
from mixpeek_orchestration.core.ports.resources import Namespace


def migration(number: int = 1, **changes: str) -> Migration:
    """A migration of the collection, from one generation to the next."""
    made = Migration(
        migration_id=f"mig_{number}",
        namespace_id=NAMESPACE,
        collection_id=COLLECTION,
        from_generation="gen_a",
        to_generation="gen_b",
        from_extractor="text_extractor@v1",
        to_extractor="text_extractor@v2",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def query(number: int, namespace_id: str = NAMESPACE, *, asked_at: float = 100.0) -> LoggedQuery:
    return LoggedQuery(namespace_id, "ret_1", {"query": f"question {number}"}, asked_at)


def test_one_migration_of_a_collection_is_open(catalog: Catalog) -> None:
    """A second one is refused by name until the first is closed; closed ones stay known, newest first."""
    first = catalog.migrations.add(migration(1))
    with pytest.raises(Conflict, match="text_extractor@v2 already") as raised:
        catalog.migrations.add(migration(2))
    assert raised.value.value == "mig_1"
    closed = catalog.migrations.change("mig_1", lambda m: replace(m, stage="dropped"))
    assert closed is not None
    second = catalog.migrations.add(migration(2))
    assert catalog.migrations.open(COLLECTION) == second
    assert [m.migration_id for m in catalog.migrations.of(COLLECTION)] == ["mig_2", "mig_1"]
    assert catalog.migrations.get("mig_1") == closed
    assert first.created_at
    assert catalog.migrations.open("col_none") is None


def test_of_racing_migrations_one_is_added(catalog: Catalog) -> None:
    """Of six threads that start a migration of one collection exactly one does, with its generation."""
    barrier, outcomes = threading.Barrier(6), []

    def add(number: int) -> None:
        barrier.wait()
        try:
            one = generation(f"gen_{number}", number + 1)
            catalog.migrations.add(migration(number), [one])
            outcomes.append(one.generation_id)
        except Conflict:
            outcomes.append("")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = [g.generation_id for g in catalog.resources.generations(COLLECTION)]
    assert there == [one for one in outcomes if one]
    assert len(there) == 1


def test_a_migration_brings_its_generations_or_nothing(catalog: Catalog) -> None:
    """Where a generation cannot be kept there is no migration either."""
    catalog.resources.put_generation(generation())
    with pytest.raises(Conflict, match="already has a generation 1"):
        catalog.migrations.add(migration(1), [generation("gen_new", 2), generation("gen_bad", 1)])
    assert catalog.migrations.open(COLLECTION) is None


def test_what_is_closed_stays_closed(catalog: Catalog) -> None:
    """A change that comes after the end changes nothing, and one of nothing says so."""
    catalog.migrations.add(migration(1))
    closed = catalog.migrations.change("mig_1", lambda m: replace(m, stage="abandoned"))
    assert catalog.migrations.change("mig_1", lambda m: replace(m, stage="filling")) == closed
    assert catalog.migrations.change("mig_none", lambda m: m) is None


def test_an_error_is_noted_with_the_migration_of_its_generation(catalog: Catalog) -> None:
    """What keeps a generation from being filled is kept with its migration, and with no other."""
    catalog.migrations.add(migration(1))
    catalog.migrations.add(
        migration(2, collection_id="col_two", to_generation="gen_z", from_generation="gen_y")
    )
    catalog.migrations.note("gen_b", "no space")
    catalog.migrations.note("gen_none", "nothing")
    first, second = catalog.migrations.get("mig_1"), catalog.migrations.get("mig_2")
    assert (first and first.error, second and second.error) == ("no space", None)


def test_migrations_go_with_their_collection(catalog: Catalog) -> None:
    """Nothing is left of the migrations of a collection that is gone."""
    catalog.migrations.add(migration(1))
    catalog.migrations.forget(COLLECTION)
    assert catalog.migrations.of(COLLECTION) == []


def test_a_switch_moves_what_the_collection_says(catalog: Catalog) -> None:
    """Pointer and extractor of a collection move in one step, and a put that is late does not move them back."""
    catalog.resources.put_namespace(Namespace(NAMESPACE, "default"))
    late = catalog.resources.put_collection(collection(active_generation=GENERATION))
    one = generation("gen_two", 2, input_mappings={"text": ("body",)})
    catalog.resources.put_generation(replace(one, extractor_version="v2", parameters={"size": 5}))
    assert catalog.resources.activate_generation(COLLECTION, expected=GENERATION, new="gen_two")
    found = catalog.resources.collection(NAMESPACE, COLLECTION)
    assert found is not None
    assert (found.extractor.version, found.extractor.parameters) == ("v2", {"size": 5})
    assert found.extractor.input_mappings == {"text": ("body",)}
    assert found.extractor.passthrough == late.extractor.passthrough
    kept = catalog.resources.put_collection(replace(late, description="late"))
    assert (kept.active_generation, kept.extractor.version) == ("gen_two", "v2")
    assert kept.description == "late"


def test_the_active_generation_cannot_be_deleted(catalog: Catalog) -> None:
    """A generation is deleted with its outcomes and failures unless it answers; deleting it again does nothing."""
    catalog.resources.put_namespace(Namespace(NAMESPACE, "default"))
    catalog.resources.put_collection(collection(active_generation=GENERATION))
    catalog.resources.put_generation(generation())
    catalog.resources.put_generation(generation("gen_two", 2))
    with pytest.raises(Conflict, match="answers for its collection"):
        catalog.resources.delete_generation(GENERATION)
    revision = catalog.resources.revision()
    assert catalog.resources.delete_generation("gen_two")
    assert not catalog.resources.delete_generation("gen_two")
    assert catalog.resources.revision() == revision + 1
    assert [g.generation_id for g in catalog.resources.generations()] == [GENERATION]


def test_only_the_last_queries_are_kept(catalog: Catalog) -> None:
    """Of a namespace the newest stay, none that is too old, and other namespaces are left alone."""
    catalog.queries.keep([query(9, "ns_other")], limit=3, since=0.0)
    catalog.queries.keep([query(n) for n in range(5)], limit=3, since=0.0)
    assert [q.inputs["query"] for q in catalog.queries.recent(NAMESPACE)] == [
        "question 4",
        "question 3",
        "question 2",
    ]
    catalog.queries.keep([query(7, asked_at=300.0)], limit=3, since=200.0)
    assert catalog.queries.recent(NAMESPACE) == [query(7, asked_at=300.0)]
    assert len(catalog.queries.recent("ns_other")) == 1
    catalog.queries.keep([], limit=3, since=500.0)
    assert catalog.queries.forget(NAMESPACE) == 1
    assert catalog.queries.recent(NAMESPACE) == []
    assert catalog.queries.forget(NAMESPACE) == 0
