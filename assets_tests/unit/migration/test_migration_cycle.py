"""A migration from start to end: fill, switch, roll back, switch, drop."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_tests.unit.migration.field import Field, second
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, NotFound
from mixpeek_orchestration.warehouse.specs import ExtractorSpec


def test_a_migration_changes_who_answers_and_back(field: Field) -> None:
    """The retriever keeps its URI; the model behind it changes with the switch, the rollback, and the next switch."""
    migrations = field.warehouse.migrations
    assert field.model() == "v1"
    field.migrate()
    assert migrations.status(field.collection).state == "ready"
    assert field.model() == "v1"
    migrations.switch(field.collection)
    assert field.model() == "v2"
    assert migrations.status(field.collection).state == "switched"
    migrations.rollback(field.collection)
    assert field.model() == "v1"
    migrations.switch(field.collection)
    migrations.drop(field.collection)
    assert field.model() == "v2"
    assert migrations.status(field.collection).state == "dropped"


def test_what_the_collection_says_moves_with_the_pointer(field: Field) -> None:
    """After a switch the collection is filled by the new version, in every answer about it, and after a rollback not."""
    field.migrate(second(tilt=0.5))
    field.warehouse.migrations.switch(field.collection)
    assert field.collection.extractor.id == "compass_v2"
    assert field.collection.extractor.parameters == {"tilt": 0.5}
    field.warehouse.migrations.rollback(field.collection)
    assert field.collection.extractor.id == "compass_v1"
    assert field.collection.extractor.parameters == {"tilt": 0.0}


def test_documents_keep_their_ids(field: Field) -> None:
    """The id of a document does not depend on the generation that made it."""
    before = {d["document_id"] for d in field.search("north")}
    field.migrate()
    field.warehouse.migrations.switch(field.collection)
    assert {d["document_id"] for d in field.search("north")} == before


def test_incoming_batches_reach_both_generations(field: Field) -> None:
    """What arrives while a migration is open is found whoever answers, before and after a rollback."""
    field.migrate()
    field.ingest("north star")
    assert "north star" in [d["text"] for d in field.search("north")]
    field.warehouse.migrations.switch(field.collection)
    assert "north star" in [d["text"] for d in field.search("south")]
    field.ingest("south pole")
    field.warehouse.migrations.rollback(field.collection)
    assert "south pole" in [d["text"] for d in field.search("south")]


def test_removed_objects_leave_both_generations(field: Field) -> None:
    """An object that is deleted during a migration is in neither generation once its batch has run."""
    field.migrate()
    object_id = field.put("north", "north")
    field.warehouse.objects.delete(field.bucket, object_id)
    field.run_pending()
    assert "north" not in [d["text"] for d in field.search("north")]
    field.warehouse.migrations.switch(field.collection)
    assert "north" not in [d["text"] for d in field.search("south")]


def test_a_switch_before_everything_is_filled_is_refused(field: Field) -> None:
    """A generation that lacks items does not take over, and the error counts them."""
    field.warehouse.migrations.start(field.collection, second())
    with pytest.raises(Conflict, match="lacks 4 items"):
        field.warehouse.migrations.switch(field.collection)
    assert field.model() == "v1"


def test_a_sample_is_filled_and_the_rest_later(field: Field) -> None:
    """`sample` fills so many objects; starting the same again fills what is missing."""
    migrations = field.warehouse.migrations
    first = field.migrate(sample=2)
    standing = migrations.status(field.collection)
    assert (standing.state, standing.remaining.to_do, standing.remaining.documents) == ("filling", 2, 2)
    assert field.migrate().migration_id == first.migration_id
    assert migrations.status(field.collection).state == "ready"


def test_other_parameters_are_a_migration_too(field: Field) -> None:
    """The same version with other parameters fills its own table, and the retriever's URI is that of both."""
    field.migrate(ExtractorSpec(feature_extractor_name="compass", version="v1", parameters={"tilt": 2.0}))
    before = field.search("north")[1]["score"]
    field.warehouse.migrations.switch(field.collection)
    after = field.search("north")[1]["score"]
    assert after > before  # tilted vectors are nearer to each other


def test_the_new_uris_are_answered_after_a_rollback(field: Field) -> None:
    """A retriever made while the new version served keeps answering when the old one serves again."""
    field.migrate()
    field.warehouse.migrations.switch(field.collection)
    field.make_retriever("newer", "mixpeek://compass@v2/compass_v2_embedding")
    assert field.model(retriever="newer") == "v2"
    field.warehouse.migrations.rollback(field.collection)
    assert field.model(retriever="newer") == "v1"


def test_old_uris_survive_a_second_migration(field: Field) -> None:
    """After the first generation is gone, its URI is sent on to the third."""
    migrations = field.warehouse.migrations
    field.migrate()
    migrations.switch(field.collection)
    migrations.drop(field.collection)
    field.migrate(second(tilt=0.1))
    migrations.switch(field.collection)
    migrations.drop(field.collection)
    assert field.model() == "v2"
    assert field.collection.active_generation.endswith("_g3")


def test_the_active_generation_cannot_be_removed(field: Field) -> None:
    """`drop` before a switch and `abandon` after one are refused, and nothing is lost."""
    field.migrate()
    with pytest.raises(Conflict, match="answers for its collection"):
        field.warehouse.migrations.drop(field.collection)
    field.warehouse.migrations.switch(field.collection)
    with pytest.raises(Conflict, match="answers for its collection"):
        field.warehouse.migrations.abandon(field.collection)
    assert field.model() == "v2"


def test_an_abandoned_generation_leaves_nothing(field: Field) -> None:
    """Table, failures and definition of the new generation are gone; another migration takes another number."""
    migrations = field.warehouse.migrations
    migration = field.migrate()
    migrations.abandon(field.collection)
    assert field.warehouse.documents.version(migration.to_generation) == 0
    assert field.warehouse.catalog.resources.generation(migration.to_generation) is None
    assert migrations.status(field.collection).state == "abandoned"
    assert field.migrate().to_generation.endswith("_g3")
    assert field.model() == "v1"


def test_one_migration_at_a_time(field: Field) -> None:
    """A migration to something else waits until the open one has ended."""
    field.migrate()
    with pytest.raises(Conflict, match="being migrated to compass@v2 already"):
        field.warehouse.migrations.start(field.collection, second(tilt=1.0))


def test_what_fills_it_already_is_no_migration(field: Field) -> None:
    """Asking for the extractor version and parameters that are there is refused, in whichever spelling."""
    same = ExtractorSpec(feature_extractor_name="compass", version="1.0.0")
    with pytest.raises(InvalidInput, match="already"):
        field.warehouse.migrations.start(field.collection, same)
    with pytest.raises(NotFound, match="not being migrated"):
        field.warehouse.migrations.switch(field.collection)


def test_a_batch_of_an_abandoned_generation_is_canceled(field: Field) -> None:
    """A filling batch that runs after its generation is gone writes nothing and ends."""
    migration = field.warehouse.migrations.start(field.collection, second())
    field.warehouse.migrations.abandon(field.collection)
    field.run_pending()
    batch = field.warehouse.catalog.batches.get(migration.batch_ids[0])
    assert batch is not None
    assert batch.status == "CANCELED"
    assert field.warehouse.documents.version(migration.to_generation) == 0


def test_failures_of_the_new_generation_stop_a_switch(field: Field) -> None:
    """Items that only the new version cannot read would be lost, so a switch says so unless it is told to go on."""
    field.ingest("north POISONv2")
    field.migrate()
    assert field.warehouse.migrations.status(field.collection).remaining.failed == 1
    with pytest.raises(Conflict, match="1 items failed"):
        field.warehouse.migrations.switch(field.collection)
    field.warehouse.migrations.switch(field.collection, allow_failures=True)
    assert field.model() == "v2"


def test_a_broken_new_generation_does_not_hurt_the_old_one(field: Field) -> None:
    """What keeps the new generation from being filled is kept with the migration; the serving one goes on."""
    field.migrate()
    package = Path(field.warehouse.registry.describe("compass", "v2").path)
    (package / "pipeline.py").write_text("raise RuntimeError('broken')\n")
    batch = field.warehouse.catalog.batches.get(field.ingest("north star"))
    assert batch is not None
    assert batch.status == "COMPLETED"
    assert "north star" in [d["text"] for d in field.search("north")]
    assert field.warehouse.migrations.open(field.collection).error
