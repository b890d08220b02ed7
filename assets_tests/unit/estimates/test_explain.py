"""Explanations of real documents: the way, the code, and what exactly has changed."""

from __future__ import annotations

import pytest

from assets_tests.unit.estimates.conftest import House
from mixpeek_orchestration.cli.explain import explanation_lines
from mixpeek_orchestration.core.errors import NotFound


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
    assert found.document.why == ("the code in processors/core.py has changed",)


def test_an_edited_input_is_found_where_it_is_read(house: House, document: str) -> None:
    """The first tier is stale; the last one is not yet, and is told to follow."""
    house.put("k", "alpha\ngamma", title="first")
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert [made.reason for made in found.steps] == ["input_changed", "unchanged", "unchanged"]
    assert found.steps[0].why == ("body as text (read)",)
    assert [made.collection for made in found.stale_above] == ["lines"]
    assert any("above it, lines runs first" in line for line in explanation_lines(found))


def test_an_edited_passthrough_names_the_field(house: House, document: str) -> None:
    """Nothing is extracted for it, and the explanation says so."""
    house.put("k", "alpha\nbeta", title="second")
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert found.steps[0].reason == "passthrough_changed"
    assert found.steps[0].why == ("the field title (carried)",)


def test_a_document_whose_object_is_gone_will_go(house: House, document: str) -> None:
    """It is still there, and why it will not stay is said."""
    [one] = house.warehouse.catalog.objects.page(house.bucket.bucket_id)
    house.warehouse.catalog.objects.delete(house.bucket.bucket_id, [one.object_id])
    found = house.warehouse.explanations.find(house.namespace_id, document)
    assert not found.object_exists
    assert found.steps[0].is_going
    assert any("it will be removed too" in line for line in explanation_lines(found))


def test_no_content_is_in_an_explanation(house: House, document: str) -> None:
    """Ids, names and counts only: an explanation may be pasted anywhere."""
    told = "\n".join(explanation_lines(house.warehouse.explanations.find(house.namespace_id, document)))
    assert "alpha" not in told
    assert "beta" not in told


def test_an_unknown_document_is_not_found(house: House, document: str) -> None:
    """The error says where document ids come from."""
    with pytest.raises(NotFound, match="doc_nowhere"):
        house.warehouse.explanations.find(house.namespace_id, f"doc_nowhere{document}")
