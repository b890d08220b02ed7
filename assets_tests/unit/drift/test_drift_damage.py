"""Damage that is done to real tables with LanceDB: it is found, and healed without extracting more than was lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assets_tests.unit.drift.conftest import Vandal
from mixpeek_orchestration.core.errors import Broken

WHOLE = ["four", "one", "three", "two", "uno"]


def _delete_rows(vandal: Vandal) -> None:
    vandal.table.delete("text = 'uno'")


def _add_rows(vandal: Vandal) -> None:
    row = vandal.table.to_arrow().slice(0, 1).to_pylist()[0]
    vandal.table.add([{**row, "document_id": "doc_foreign", "_source_item": "obj_foreign"}])


def _change_rows(vandal: Vandal) -> None:
    vandal.table.update(where="text = 'two'", values={"text": "mutilated"})


def _restore_an_old_version(vandal: Vandal) -> None:
    vandal.table.restore(1)


def _add_a_column(vandal: Vandal) -> None:
    vandal.table.add_columns({"foreign": "'x'"})


@pytest.mark.parametrize(
    "damage", [_delete_rows, _add_rows, _change_rows, _restore_an_old_version, _add_a_column]
)
def test_a_strangers_commit_is_undone(vandal: Vandal, damage: Callable[[Vandal], None]) -> None:
    """Whatever a commit without our stamp did, the version before it comes back, and nothing is extracted again."""
    assert vandal.kinds == []
    damage(vandal)
    assert "foreign_commit" in vandal.kinds
    assert vandal.heal() == []
    assert (vandal.texts, vandal.kinds) == (WHOLE, [])
    assert "foreign" not in vandal.lab.warehouse.documents.columns(vandal.name)


def test_what_was_written_after_a_strangers_commit_is_extracted_again(vandal: Vandal) -> None:
    """Later commits of ours do not hide the damage, and healing brings back exactly what they had written."""
    _delete_rows(vandal)
    vandal.write("five", "six")
    assert vandal.kinds == ["foreign_commit"]
    assert vandal.heal() == [2]
    assert vandal.texts == sorted([*WHOLE, "five", "six"])
    assert vandal.kinds == []


def test_a_table_that_is_gone_is_extracted_again(vandal: Vandal) -> None:
    """Every object that was submitted comes back; one that never was is left for its own batch."""
    vandal.lab.put("later", "later")
    vandal.drop()
    assert vandal.kinds == ["table_gone"]
    assert vandal.heal() == [4]
    assert (vandal.texts, vandal.kinds) == (WHOLE, [])


def test_what_is_made_of_a_table_that_is_gone_stays(vandal: Vandal) -> None:
    """The next tier does not take a lost table for a source without documents: it refuses to run until it is healed."""
    lab = vandal.lab
    below = lab.collection("below", source=vandal.collection.name)
    lab.run(below)
    before = lab.rows(below)
    vandal.drop()
    with pytest.raises(Broken, match=r"had 5 documents, and is gone") as refused:
        lab.run(below)
    assert refused.value.fix == f"mixpeek drift heal {vandal.collection.name}"
    assert lab.rows(below) == before
    vandal.heal()
    lab.run(below)
    assert len(lab.rows(below)) == len(before)


def test_an_older_copy_of_the_table_is_seen_and_completed(vandal: Vandal, tmp_path: Path) -> None:
    """A backup that is put back is at a lower version than the ledger's; only what it lacks is extracted."""
    shutil.copytree(vandal.folder, tmp_path / "backup")
    vandal.write("five")
    vandal.drop()
    shutil.copytree(tmp_path / "backup", vandal.folder)
    assert vandal.kinds == ["history_replaced"]
    assert vandal.heal() == [1]
    assert vandal.texts == sorted([*WHOLE, "five"])


def test_a_table_that_was_replaced_by_another_is_dropped(vandal: Vandal) -> None:
    """A stranger's table under the same name has no version of ours to go back to."""
    rows = vandal.table.to_arrow()
    vandal.drop()
    import lancedb

    foreign = lancedb.connect(vandal.root).create_table(vandal.name, rows.slice(0, 1))
    foreign.add(rows.slice(1, 1))
    assert vandal.kinds == ["history_replaced", "foreign_commit", "foreign_commit"]
    assert vandal.heal() == [4]
    assert (vandal.texts, vandal.kinds) == (WHOLE, [])


@pytest.mark.parametrize("nth", [0, 1])
def test_a_data_file_that_is_gone_costs_its_rows_only(vandal: Vandal, nth: int) -> None:
    """The fragment without a file is left out, and the items that lay in it, and no others, are extracted again."""
    files = sorted((vandal.folder / "data").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    files[nth].unlink()
    assert vandal.kinds == ["file_gone"]
    assert vandal.heal() == [2]
    assert (vandal.texts, vandal.kinds) == (WHOLE, [])


def test_all_data_files_gone_is_a_table_to_fill_again(vandal: Vandal) -> None:
    """Without any readable fragment everything that was submitted is extracted."""
    for file in (vandal.folder / "data").iterdir():
        file.unlink()
    assert vandal.heal() == [4]
    assert (vandal.texts, vandal.kinds) == (WHOLE, [])


def test_an_index_of_a_stranger_is_a_difference(vandal: Vandal) -> None:
    """Indexes change no row: one that we did not make is told, healing takes it over, and a run does not hide it."""
    vandal.table.create_scalar_index("text")
    assert vandal.kinds == ["index_differs"]
    vandal.write("five")
    assert vandal.kinds == ["index_differs"]
    assert vandal.heal() == []
    assert vandal.kinds == []


def test_upkeep_of_ours_is_no_drift(vandal: Vandal) -> None:
    """Compaction, indexes of the steward, columns that runs add, removals and clean-ups leave nothing to heal."""
    warehouse, lab = vandal.lab.warehouse, vandal.lab
    lab.put("one\nuno", "one", title="with a column")
    vandal.write("five")
    warehouse.documents.upkeep.compact(vandal.name)
    warehouse.documents.upkeep.build(vandal.name, "by_text", column="text", kind="BTREE")
    warehouse.drift.note(vandal.collection, indexes=True)
    warehouse.documents.upkeep.clean(vandal.name, keep_versions=1, older_than_s=0.0)
    assert vandal.kinds == []
    lab.run(vandal.collection)
    assert vandal.kinds == []


def test_an_outcome_that_the_table_contradicts_is_forgotten(vandal: Vandal) -> None:
    """An item that became empty after a stranger's commit has its old documents back when that is undone: it is
    planned again, and ends empty once more."""
    lab = vandal.lab
    _delete_rows(vandal)
    object_id = lab.put("two", ".")
    batch = lab.warehouse.batches.draft(
        lab.bucket, [object_id], collection_ids=[vandal.collection.collection_id]
    )
    lab.warehouse.batches.submit(lab.bucket, batch.batch_id)
    vandal.run(batch)
    assert "two" not in vandal.texts
    vandal.heal()
    assert vandal.texts == ["four", "one", "three", "uno"]
    assert lab.warehouse.catalog.ledger.outcomes(vandal.collection.active_generation).height == 1


def test_a_collection_whose_generation_is_gone_is_told(vandal: Vandal) -> None:
    """A catalog that points to a generation which it does not have is a difference that nothing can heal."""
    from dataclasses import replace

    astray = replace(vandal.collection, active_generation="gen_unknown")
    [told] = [
        d for d in vandal.lab.warehouse.drift.check(astray) if d.differences[0].kind == "generation_gone"
    ]
    assert "gen_unknown" in told.lines[0]


def test_all_collections_are_checked_at_once(vandal: Vandal) -> None:
    """Of several collections those that differ are told, whichever namespace they are in."""
    vandal.lab.run(vandal.lab.collection("sound"))
    _delete_rows(vandal)
    found = vandal.lab.warehouse.drift.check_all()
    assert [drifted.collection.name for drifted in found] == [vandal.collection.name]
    assert vandal.lab.warehouse.drift.check_all("ns_other") == []


def test_what_a_run_without_a_batch_had_brought_comes_back_too(vandal: Vandal) -> None:
    """After a run over the whole source all objects are known to have been extracted, whatever batches hold."""
    vandal.lab.put("five", "five")
    vandal.lab.run(vandal.collection)
    vandal.drop()
    assert vandal.heal() == [5]


def test_a_collection_that_is_deleted_leaves_no_mark(vandal: Vandal) -> None:
    """Generations are numbered: one that takes the number of another must not be measured by its mark."""
    catalog, collection = vandal.lab.warehouse.catalog, vandal.collection
    assert catalog.marks.get(collection.active_generation) is not None
    vandal.lab.warehouse.collections.delete(collection.namespace_id, collection.name)
    assert catalog.marks.get(collection.active_generation) is None
