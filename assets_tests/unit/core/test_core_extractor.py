"""Facts about the description of an extractor as a value that is stored and sent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.core.extractor import (
    ExtractorDescription,
    ModelDescription,
    Resources,
    StepDescription,
)

DESCRIPTION = ExtractorDescription(
    name="words",
    version="v1",
    description="Counts words.",
    path="/packages/words",
    parameters={"size": 3, "names": ["a"]},
    supported_input_types=("text",),
    input_fields=("text",),
    output_fields=("words",),
    vectors=(VectorIndex("words", "words", 3, "cosine"),),
    steps=(StepDescription("Words", "cpu", Resources(cpus=0.5, memory_bytes=1 << 30)),),
    models=(ModelDescription("m", "r", "onnx"),),
    code_parts={"module:pipeline.py": "abc"},
    code_fp="fp",
    features=({"feature_type": "embedding", "feature_name": "words", "embedding_dim": 3},),
    example_input={"text": "a"},
    isolation="reviewed",
    archive="hash",
    namespace_id="ns_1",
    source="custom",
    python="/envs/1/bin/python",
)


def test_a_description_survives_json() -> None:
    """What is stored in the catalog, or sent out of the jail, is the description that was made."""
    assert ExtractorDescription.from_dict(json.loads(json.dumps(DESCRIPTION.as_dict()))) == DESCRIPTION


def test_what_belongs_to_the_installation_is_not_written() -> None:
    """Neither the object store's settings nor the platform leave with a description, nor come in with one."""
    local = replace(DESCRIPTION, object_store={"kind": "file"}, platform=object())
    written = local.as_dict()
    assert "object_store" not in written
    assert "platform" not in written
    assert ExtractorDescription.from_dict({**written, "object_store": {"kind": "evil"}}) == DESCRIPTION


def test_the_recipe_carries_where_and_how_it_runs() -> None:
    """Everything that a worker needs to choose jail, interpreter, archive and services is in the recipe."""
    local = replace(DESCRIPTION, object_store={"kind": "file"}, platform="reference")
    recipe = local.recipe
    assert (recipe.isolation, recipe.archive, recipe.python) == ("reviewed", "hash", "/envs/1/bin/python")
    assert (recipe.object_store, recipe.platform) == ({"kind": "file"}, "reference")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": 3}, "name"), ({"vectors": [{"feature": "x"}]}, "vectors")],
)
def test_anything_else_is_refused(change: dict[str, object], field: str) -> None:
    """A damaged or forged description is refused by field before anything relies on it."""
    with pytest.raises(Broken) as refused:
        ExtractorDescription.from_dict({**DESCRIPTION.as_dict(), **change})
    assert (refused.value.field or "").startswith(field)
