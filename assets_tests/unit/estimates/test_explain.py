"""Explanations of real documents: the way, the code, and what exactly has changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assets_tests.unit.estimates.conftest import House
from mixpeek_orchestration.cli.explain import explanation_lines
from mixpeek_orchestration.core import document as document_columns
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.explanation import Made
from mixpeek_orchestration.core.ports.documents import Stamp
from mixpeek_orchestration.core.selection import Selection


@pytest.fixture
def document(house: House) -> str:
    """The second line of a text, in the last tier."""
    root = house.put("k", "alpha\nbeta", title="first")
    house.run_batch(house.warehouse.batches.submit(house.bucket, house.batch([root]).batch_id))
    return str(next(row["document_id"] for row in house.rows(house.again) if row["text"] == "beta"))


def test_a_document_is_explained_from_its_object_down(house: House, document: str) -> None:
    """Every step names what it was made of, by which code, in which batch; all of it is up to date."""
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert [(made.collection, made.tier) for made in found.steps] == [
        ("lines", 0),
        ("words", 1),
        ("again", 2),
    ]
    assert (found.object_key, found.object_exists, found.bucket) == ("path:k", True, "texts")
    assert [made.source for made in found.steps] == [
        found.object_id,
        *[m.document_id for m in found.steps[:-1]],
    ]
    assert found.document.document_id == document
    assert found.document.extractor == "word_vectors_v1"
    assert "module:processors/core.py" in found.document.code
    assert found.document.batch_id.startswith("btch_")
    assert found.document.run_id.startswith("run-")
    assert found.as_dict()["current"] is True
    assert found.steps[0].carries == ("title",)


def test_a_change_of_code_is_named(house: House, document: str) -> None:
    """Which file changed; a comment changes nothing."""
    house.edit_package("processors/core.py", lambda code: f"# a comment\n{code}")
    assert house.warehouse.explanations.find(house.namespace_id, document).as_dict()["current"] is True
    house.edit_package("processors/core.py", lambda code: code.replace("+ 0.01", "+ 0.02"))
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert {made.reason for made in found.steps} == {"code_changed"}
    [change] = found.document.changes
    assert change.line == "the code in processors/core.py has changed"
    made = found.document
    assert change.before == made.code["module:processors/core.py"]
    assert change.after == made.code_now["module:processors/core.py"]
    assert made.code_fp != made.code_fp_now
    assert f"{change.before[:8]} → {change.after[:8]}" in change.detail


def test_an_edited_input_is_found_where_it_is_read(house: House, document: str) -> None:
    """The first tier is stale, by its field; the last one is not yet, and is told to follow."""
    house.put("k", "alpha\ngamma", title="first")
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert [made.reason for made in found.steps] == ["input_changed", "unchanged", "unchanged"]
    assert lines_of(found.steps[0]) == ["the field body, which is read, has changed"]
    assert [(above.made.collection, above.reach) for above in found.stale_above] == [("lines", "may_run")]
    assert any("above it, lines runs first" in line for line in explanation_lines(found))
    assert not found.as_dict()["current"]


def lines_of(made: Made) -> list[str]:
    return [change.line for change in made.changes]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ({"title": "other"}, ["the field title, which is read, has changed"]),
        ({"note": "other"}, ["the field metadata.note, which is read, has changed"]),
        ({"note": ""}, ["the field metadata.note, which is read, is gone"]),
        ({"text": "beta"}, ["the field body, which is read, has changed"]),
        ({"place": "there"}, ["the field place, which is carried, has changed"]),
        (
            {"title": "x", "place": None},
            ["the field title, which is read, has changed", "the field place, which is carried, is gone"],
        ),
    ],
    ids=lambda value: "+".join(value),
)
def test_of_several_inputs_the_changed_one_is_named(
    house: House, edit: dict[str, str], told: list[str]
) -> None:
    """Neither the others that are read nor those that are carried unchanged; without their content."""
    first = {"text": "alpha", "title": "the title", "note": "a note", "place": "here"}
    house.put("k", **first)
    several = house.collection(
        "several",
        input_mappings={"text": ["body", "title", "metadata.note"]},
        field_passthrough=[{"source_path": "metadata.place"}],
    )
    house.run(several)
    house.put("k", **(first | edit))
    found = house.warehouse.explanations.of(several, str(house.rows(several)[0]["document_id"]))
    assert lines_of(found.document) == told
    explained = json.dumps(found.as_dict()) + "\n".join(explanation_lines(found))
    assert not [word for word in {*first.values(), *edit.values()} - {"", None} if f'"{word}"' in explained]


def test_rows_from_before_fields_were_told_apart_name_all_candidates(house: House) -> None:
    """A table that lacks the digests is explained, and says no more than is known."""
    house.put("k", "alpha", title="the title")
    several = house.collection("several", input_mappings={"text": ["body", "title"]}, field_passthrough=[])
    house.run(several)
    table = house.warehouse.collections.generation(several).table
    documents = house.warehouse.documents
    rows = documents.read(table).drop_columns([document_columns.INPUT_DIGESTS])
    documents.drop(table)
    documents.commit(table, rows, items=rows["_source_item"].to_pylist(), stamp=Stamp("", "older"))
    house.put("k", "alpha", title="other")
    found = house.warehouse.explanations.of(several, str(house.rows(several)[0]["document_id"]))
    assert lines_of(found.document) == ["the field body or title, which is read, has changed"]
    house.run(several)
    house.put("k", "beta", title="other")
    found = house.warehouse.explanations.of(several, str(house.rows(several)[0]["document_id"]))
    assert lines_of(found.document) == ["the field body, which is read, has changed"]


def test_a_field_that_is_carried_no_more_is_named(house: House) -> None:
    """Where all fields of the source are carried, also one that the source has no longer, told from what a step added."""
    house.put("k", "alpha", title="first", place="here")
    every = house.collection("every", include_all_source_fields=True, field_passthrough=[])
    house.run(every)
    house.put("k", "alpha", title="first", moment="now")
    found = house.warehouse.explanations.of(every, str(house.rows(every)[0]["document_id"]))
    assert lines_of(found.document) == [
        "the field moment, which is carried, is new",
        "the field place, which is carried, is gone",
    ]


def test_a_collection_told_to_read_another_field_says_which(house: House) -> None:
    """What it reads is another choice, the new field is new, and the one that is read no more is gone."""
    house.put("k", "alpha", title="the title")
    read = house.collection("read", input_mappings={"text": "body"}, field_passthrough=[])
    house.run(read)
    choice = replace(read.extractor, input_mappings={"text": ("title",)})
    house.warehouse.catalog.resources.put_collection(replace(read, extractor=choice))
    found = house.warehouse.explanations.of(read, str(house.rows(read)[0]["document_id"]))
    assert lines_of(found.document) == [
        "what the collection reads and carries has changed",
        "the field body, which is read, is gone",
        "the field title, which is read, is new",
    ]


def test_code_and_input_are_both_told(house: House, document: str) -> None:
    """The planner needs one reason; the explanation has all of them."""
    house.edit_package("processors/core.py", lambda code: code.replace("+ 0.01", "+ 0.02"))
    house.put("k", "alpha\ngamma", title="second")
    first = house.warehouse.explanations.find(house.namespace_id, document).steps[0]
    assert first.reason == "code_changed"
    assert [change.kind for change in first.changes] == ["input", "carried", "module"]


def test_an_edited_passthrough_names_the_field(house: House, document: str) -> None:
    """Nothing is extracted for it, here or below, where nobody reads it; so that the document stays as it is."""
    house.put("k", "alpha\nbeta", title="second")
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert found.steps[0].reason == "passthrough_changed"
    assert lines_of(found.steps[0]) == ["the field title, which is carried, has changed"]
    assert [above.reach for above in found.stale_above] == ["none"]
    assert found.as_dict()["current"] is True


def test_what_it_says_would_rerun_it_does(house: House, document: str) -> None:
    """Each named field does when it is edited, and the command is one that runs exactly this."""
    made = house.warehouse.explanations.find(house.namespace_id, document)
    assert made.would_rerun[0] == "a change of what it reads: text as text"
    assert f"`mixpeek reprocess again --object-id {made.object_id} --force`" in made.would_rerun
    selection = Selection(object_ids=(made.object_id,), force=True)
    forced = house.warehouse.estimates.outlook([house.again], selection, below=False).forecast
    assert (forced.extract, [tier.collection for tier in forced.tiers]) == (2, ["again"])


def test_a_document_whose_object_is_gone_will_go(house: House, document: str) -> None:
    """It is still there, and why it will not stay is said."""
    [one] = house.warehouse.catalog.objects.page(house.bucket.bucket_id)
    house.warehouse.catalog.objects.delete(house.bucket.bucket_id, [one.object_id])
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert not found.object_exists
    assert found.steps[0].is_going
    assert any("it will be removed too" in line for line in explanation_lines(found))
    assert found.would_rerun == ["nothing: the next run removes it"]
    assert [above.reach for above in found.stale_above] == ["removed", "removed"][: len(found.stale_above)]


def test_no_content_is_in_an_explanation(house: House, document: str) -> None:
    """Ids, names and counts only: an explanation may be pasted anywhere."""
    told = "\n".join(explanation_lines(house.warehouse.explanations.find(house.namespace_id, document)))
    assert "alpha" not in told
    assert "beta" not in told


def test_an_unknown_document_is_not_found(house: House, document: str) -> None:
    """The error says where document ids come from."""
    with pytest.raises(NotFound, match="doc_nowhere"):
        house.warehouse.explanations.find(house.namespace_id, f"doc_nowhere{document}")
