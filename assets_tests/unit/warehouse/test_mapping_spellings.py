"""Input mappings: the list form, and what a package suggests."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.warehouse.mapping_spellings import as_mapping, fitting
from mixpeek_orchestration.warehouse.specs import ExtractorSpec


def test_the_list_form_is_read_as_a_dict() -> None:
    """Entries of one input become its paths, in order; the dict form stays as it is."""
    listed = [
        {"input_key": "text", "source_type": "payload", "path": "title"},
        {"input_key": "text", "path": "body"},
    ]
    assert as_mapping(listed) == {"text": ["title", "body"]}
    spec = ExtractorSpec.model_validate({"feature_extractor_name": "x", "input_mappings": listed})
    assert spec.input_mappings == {"text": ["title", "body"]}
    assert as_mapping({"text": "title"}) == {"text": "title"}


@pytest.mark.parametrize(
    ("one", "message"),
    [
        ({"input_key": "text", "source_type": "literal", "path": "x"}, "source_type 'literal'"),
        ({"input_key": "text", "path": "x", "override": True}, "override"),
        ({"input_key": "text"}, "input_key, path"),
        ({"input_key": "text", "path": "x", "more": 1}, "input_key, path"),
        ({"input_key": "text", "path": 3}, "are text"),
        ("text", "input_key, path"),
    ],
)
def test_what_is_not_built_or_not_known_is_refused(one: object, message: str) -> None:
    """Nothing in a mapping is ignored."""
    with pytest.raises(ValueError, match=message):
        as_mapping([one])


def test_what_a_package_suggests_is_used_where_it_fits() -> None:
    """A manifest's input_mappings stand in for absent ones as far as the source has the fields."""
    available = {"title": "text", "body": "text"}
    assert fitting({"text": "title"}, ("text",), available) == {"text": ("title",)}
    assert fitting({"text": ["body", "gone"]}, ("text",), available) == {"text": ("body",)}
    assert fitting({"text": "gone"}, ("text",), available) == {}
    assert fitting({"other": "title"}, ("text",), available) == {}
    assert fitting({"text": {"source": "title"}}, (), available) == {}
