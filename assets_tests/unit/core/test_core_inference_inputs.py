"""Inputs of raw inference, by the inference type of the extractor."""

from __future__ import annotations

from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.inference_inputs import check_inputs


def described(inference_type: str | None, **said: Any) -> ExtractorDescription:
    """An extractor of this type that reads `content`."""
    fields: dict[str, Any] = {
        "name": "sample",
        "version": "v1",
        "description": "",
        "path": "",
        "parameters": {},
        "supported_input_types": ("image",),
        "input_fields": ("content",),
        "output_fields": (),
        "vectors": (),
        "steps": (),
        "models": (),
        "code_parts": {},
        "code_fp": "fp",
        "inference_type": inference_type,
    }
    return ExtractorDescription(**{**fields, **said})


@pytest.mark.parametrize(
    ("inference_type", "inputs"),
    [
        ("embedding", {"text": "a cat"}),
        ("embedding", {"texts": ["a", "b"], "vector_index": "title"}),
        ("embedding", {"image": "https://example.com/a.png"}),
        ("embedding", {"content": {"any": "thing"}}),
        ("rerank", {"pairs": [["query", "document"]]}),
        ("classify", {"text": "fine"}),
        ("generate", {"prompt": "say it", "document": {"a": 1}}),
        ("general", {"whatever": 1}),
        (None, {"whatever": 1}),
    ],
)
def test_documented_inputs_pass(inference_type: str | None, inputs: dict[str, Any]) -> None:
    """Every documented shape passes, and so does what the package itself says that it reads."""
    check_inputs(described(inference_type), inputs)


@pytest.mark.parametrize(
    ("inference_type", "inputs", "field"),
    [
        ("embedding", {"text": 7}, "inputs.text"),
        ("embedding", {"texts": "one text"}, "inputs.texts"),
        ("embedding", {"texts": []}, "inputs.texts"),
        ("rerank", {"pairs": [["query"]]}, "inputs.pairs"),
        ("rerank", {"pairs": {"query": "document"}}, "inputs.pairs"),
        ("classify", {"text": None}, "inputs.text"),
        ("generate", {"prompt": ["say", "it"]}, "inputs.prompt"),
        ("rerank", {"query": "a"}, "inputs"),
    ],
)
def test_a_wrong_shape_names_the_field(inference_type: str, inputs: dict[str, Any], field: str) -> None:
    """What cannot be read is refused with the field, the value and what to send."""
    with pytest.raises(InvalidInput) as caught:
        check_inputs(described(inference_type), inputs)
    assert caught.value.field == field
    assert caught.value.fix


def test_a_misspelt_input_is_told_its_name() -> None:
    """The nearest known input is proposed."""
    with pytest.raises(InvalidInput, match="Did you mean 'text'"):
        check_inputs(described("embedding"), {"txt": "a cat"})
