"""Short lines about collections, for people."""

from __future__ import annotations

from mixpeek_orchestration.core.collection import ExtractorChoice, FieldPassthrough
from mixpeek_orchestration.core.collection_profile import (
    column_sources,
    told_carried,
    told_inputs,
    told_parameters,
)
from mixpeek_orchestration.core.display import width

CHOICE = ExtractorChoice(
    "words",
    "v1",
    input_mappings={"text": ("body", "notes"), "lang": ("language",)},
    passthrough=(FieldPassthrough("title"), FieldPassthrough("metadata.year", "made_in")),
)


def test_inputs_and_carried_fields_name_where_they_come_from() -> None:
    """An input names its fields; a carried field its source where that is called otherwise."""
    assert told_inputs(CHOICE) == ("lang ← language", "text ← body, notes")
    assert told_carried(CHOICE) == ("title", "made_in ← metadata.year")
    assert told_carried(ExtractorChoice("words", "v1", include_all_source_fields=True)) == (
        "all fields of the source",
    )


def test_long_parameters_are_cut() -> None:
    """A prompt does not become a page, and no control character of it reaches one."""
    (told,) = told_parameters({"prompt": "Say \x1b[31m" * 200})
    assert width(told) <= 100
    assert "\x1b" not in told


def test_columns_are_made_of_fields() -> None:
    """A carried column of its field, an extracted one of all that is read, our own columns of none."""
    sources = column_sources(["_batch", "document_id", "title", "made_in", "vector"], CHOICE)
    assert sources == {
        "title": ("title",),
        "made_in": ("metadata.year",),
        "vector": ("body", "notes", "language"),
    }
