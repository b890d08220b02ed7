"""What a migration means for the tiers below, and what both generations are compared on."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_tests.unit.migration.compasses import write_compass
from assets_tests.unit.migration.field import Field, second
from mixpeek_orchestration.core.errors import Conflict, InvalidInput
from mixpeek_orchestration.warehouse.migrations.query_endpoints import endpoint_obstacle
from mixpeek_orchestration.warehouse.specs import ExtractorSpec


@pytest.fixture
def tiers(field: Field) -> Field:
    """`same` reads a field that both models write alike, `other` one that differs, `last` reads `other`."""
    field.make("same", source="directions", input_mappings={"text": "text"})
    field.make("other", source="directions", input_mappings={"text": "model"})
    field.make("last", source="other", input_mappings={"text": "text"})
    for name in ("same", "other", "last"):
        made = field.warehouse.collections.get(field.namespace_id, name)
        field.warehouse.materialize(made.collection_id, None, run_id="test")
    return field


def texts(field: Field, name: str) -> set[str]:
    made = field.warehouse.collections.get(field.namespace_id, name)
    table = field.warehouse.collections.generation(made).table
    return {row["text"] for row in field.warehouse.documents.read(table).to_pylist()}


def test_the_switch_plan_shows_what_later_tiers_would_do_again(tiers: Field) -> None:
    """A tier whose input is the same does nothing, one whose input changes all of it, and what is below that at most
    as much; the retrievers are named, and nothing has changed."""
    tiers.migrate()
    plan = tiers.warehouse.migrations.switch_plan(tiers.collection)
    told = {one.name: (one.to_extract, one.unchanged, one.is_exact) for one in plan.affected}
    assert told == {"same": (0, 4, True), "other": (4, 0, True), "last": (4, 0, False)}
    assert plan.retrievers == ("find",)
    assert tiers.model() == "v1"
    costs = {one.name: one.cost for one in plan.affected if one.is_exact}
    assert costs["other"] is not None
    assert costs["other"].amount.wall_s > 0


def test_a_switch_reruns_what_depends_on_it(tiers: Field) -> None:
    """The batch that a switch submits brings the tiers below up to date, and back again after a rollback."""
    tiers.migrate()
    tiers.warehouse.migrations.switch(tiers.collection)
    assert tiers.run_pending() == 1
    assert (texts(tiers, "other"), texts(tiers, "last")) == ({"v2"}, {"v2"})
    assert len(texts(tiers, "same")) == 4
    tiers.warehouse.migrations.rollback(tiers.collection)
    tiers.run_pending()
    assert (texts(tiers, "other"), texts(tiers, "last")) == ({"v1"}, {"v1"})


@pytest.mark.slow
def test_a_switch_can_leave_later_tiers_alone(tiers: Field) -> None:
    """Without a rerun nothing is submitted; the next plan of the tier shows what is stale."""
    tiers.migrate()
    tiers.warehouse.migrations.switch(tiers.collection, rerun=False)
    assert tiers.run_pending() == 0
    made = tiers.warehouse.collections.get(tiers.namespace_id, "other")
    assert tiers.warehouse.plan(made.collection_id).plan.reasons() == {"input_changed": 4}


def test_a_field_that_a_later_tier_reads_must_stay(tiers: Field) -> None:
    """An extractor that does not make what a later tier reads cannot take over; the error names tier and field."""
    folder = Path(tiers.warehouse.registry.describe("compass", "v2").path).with_name("compass_three")
    write_compass(folder, version="v3", size=4, turn=0, feature="compass_v3_embedding")
    manifest = folder / "manifest.py"
    kept = [line for line in manifest.read_text().splitlines() if not line.startswith("    model:")]
    manifest.write_text("\n".join(kept))
    mute = ExtractorSpec(feature_extractor_name="compass", version="v3")
    with pytest.raises(InvalidInput, match="'other' reads 'model', which compass_v3 does not make"):
        tiers.warehouse.migrations.start(tiers.collection, mute)


def test_logged_queries_compare_the_generations(field: Field) -> None:
    """Both are asked what the retriever was asked; opposite models agree on the set and never on the first."""
    field.migrate()
    for query in ("north", "east", "south", "north"):
        field.search(query)
    migration = field.warehouse.migrations.open(field.collection)
    found = field.warehouse.comparisons.compare(field.collection, migration, k=4)
    assert found.queries == 2  # three distinct ones, of which the first warms up
    assert (found.overlap, found.same_first) == (1.0, 0.0)
    assert [side.items for side in found.sides] == [4, 4]
    assert all(side.p95_ms and side.seconds_per_item and not side.errors for side in found.sides)


def test_given_queries_compare_the_generations(field: Field) -> None:
    """Texts are searched over the first feature in both; the first result alone never agrees here."""
    field.migrate()
    migration = field.warehouse.migrations.open(field.collection)
    found = field.warehouse.comparisons.compare(field.collection, migration, queries=["north", "west"], k=1)
    assert (found.queries, found.overlap) == (1, 0.0)
    field.warehouse.queries.forget(field.namespace_id)
    with pytest.raises(InvalidInput, match="No query was logged"):
        field.warehouse.comparisons.compare(field.collection, migration)


def test_an_endpoint_must_run_before_a_switch(field: Field) -> None:
    """Where endpoints are deployed, the new version's must be running its code with its parameters and answer."""
    from mixpeek_orchestration.core.fingerprint import fields_fp
    from mixpeek_orchestration.core.ports.deployments import Deployment

    field.migrate()
    catalog = field.warehouse.catalog
    catalog.deployments.put(Deployment("ep_1", "compass", "v1", status="RUNNING"))
    with pytest.raises(Conflict, match="compass v2 is not deployed"):
        field.warehouse.migrations.switch(field.collection)
    migration = field.warehouse.migrations.open(field.collection)
    generation = catalog.resources.generation(migration.to_generation)
    assert generation is not None
    description = field.warehouse.registry.describe("compass", "v2", generation.parameters)
    key = fields_fp(dict(generation.parameters))

    def obstacle(deployment: Deployment, *, answers: bool = True) -> str | None:
        catalog.deployments.put(deployment)
        return endpoint_obstacle(
            catalog, description, generation, field.namespace_id, is_answering=lambda _: answers
        )

    running = Deployment("ep_2", "compass", "v2", status="RUNNING", code_fps={key: description.code_fp})
    assert "is deploying" in (obstacle(Deployment("ep_2", "compass", "v2", status="DEPLOYING")) or "")
    assert "these parameters" in (obstacle(Deployment("ep_2", "compass", "v2", status="RUNNING")) or "")
    other = Deployment("ep_2", "compass", "v2", status="RUNNING", code_fps={key: "other"})
    assert "other code" in (obstacle(other) or "")
    assert "does not answer" in (obstacle(running, answers=False) or "")
    assert obstacle(running) is None


def test_the_endpoint_of_a_generation_that_is_filled_is_wanted(field: Field) -> None:
    """Both versions are wanted from the start of a migration, in the lineage too, and one after the drop."""
    endpoints = field.warehouse.endpoints

    def wanted() -> set[str]:
        published = field.warehouse.publish()
        assert {e.extractor_version for e in published.endpoints} == {w.version for w in endpoints.wanted()}
        return {one.version for one in endpoints.wanted()}

    assert wanted() == {"v1"}
    field.migrate()
    assert wanted() == {"v1", "v2"}
    field.warehouse.migrations.switch(field.collection)
    assert wanted() == {"v1", "v2"}
    field.warehouse.migrations.drop(field.collection)
    assert wanted() == {"v2"}


def test_a_price_that_is_too_high_writes_nothing(field: Field) -> None:
    """Over the cost that was allowed, or without a run to tell it from, a migration is refused before it begins."""
    from mixpeek_orchestration.core.errors import OverBudget

    with pytest.raises(OverBudget):
        field.warehouse.migrations.start(field.collection, second(), max_cost=0.0)
    assert field.warehouse.migrations.of(field.collection) == []
    assert len(field.warehouse.catalog.resources.generations(field.collection.collection_id)) == 1


def test_a_filling_batch_is_priced_as_what_it_does(field: Field) -> None:
    """The estimate of a filling batch counts what its generation lacks, not what the one that answers has."""
    migration = field.warehouse.migrations.start(field.collection, second())
    batch = field.warehouse.catalog.batches.get(migration.batch_ids[0])
    assert batch is not None
    assert field.warehouse.estimates.for_batches([batch]).forecast.extract == 4
    field.run_pending()
    assert (
        field.warehouse.plan(field.collection.collection_id, list(migration.batch_ids)).plan.reasons() == {}
    )


def test_deleting_the_collection_takes_both_generations(field: Field) -> None:
    """Tables, generations and the migration of a deleted collection are gone."""
    migration = field.migrate()
    collection = field.collection
    field.warehouse.retrievers.delete(field.namespace_id, "find")
    field.warehouse.collections.delete(field.namespace_id, "directions")
    tables = (migration.from_generation, migration.to_generation)
    assert [field.warehouse.documents.version(table) for table in tables] == [0, 0]
    assert field.warehouse.migrations.of(collection) == []
