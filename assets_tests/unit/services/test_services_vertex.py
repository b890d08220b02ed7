"""A language model as a batch step, asked through the platform of the running step."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from pydantic import BaseModel

from mixpeek_orchestration.core.errors import InvalidPackage, ItemFailure
from mixpeek_orchestration.core.ports.platform import LLMAnswer
from mixpeek_orchestration.extractors.container import Container, use_platform
from mixpeek_orchestration.extractors.documented.inference import VertexAIBatch

SCHEMA = {"type": "object", "properties": {"mood": {"type": "string"}, "words": {"type": "integer"}}}


class Model:
    """A platform whose model counts words; `together` calls have to be under way at once before any is answered."""

    namespace_id = "ns"

    def __init__(self, together: int = 1) -> None:
        self.requests: list = []
        self._gate = threading.Barrier(together)

    def generate(self, request) -> LLMAnswer:
        self.requests.append(request)
        self._gate.wait(timeout=60)
        if request.text == "bad":
            raise ItemFailure("The model refuses.")
        count = len((request.text or "").split())
        data = {"mood": "fine", "words": count} if request.schema else f"{count} words"
        return LLMAnswer(data, str(data), request.provider, request.model)


def _answers(platform, config, **columns):
    with use_platform(platform):
        return VertexAIBatch({"instruction": "Count.", **config})(pd.DataFrame(columns))


def test_every_row_is_asked_about():
    """The answers stand beside their rows; the documented provider and model are the defaults."""
    model = Model()
    found = _answers(model, {}, data=["one", None, "one two", " "])
    assert found["response"].tolist() == ["1 words", None, "2 words", None]
    assert {(request.provider, request.model, request.instruction) for request in model.requests} == {
        ("google", "gemini-2.5-flash", "Count.")
    }


def test_rows_are_asked_about_at_the_same_time():
    """Four calls are under way at once: none is answered before."""
    found = _answers(Model(together=4), {"max_concurrent": 4}, data=["a"] * 4)
    assert found["response"].tolist() == ["1 words"] * 4


def test_properties_of_the_answer_are_columns():
    """With a schema the answer is an object, and each of its properties a column; null where nothing was asked."""
    found = _answers(Model(), {"schema": SCHEMA}, data=["one two", None])
    assert found["response"].tolist() == [{"mood": "fine", "words": 2}, None]
    assert found["words"].tolist() == [2, None]
    assert found["mood"].tolist() == ["fine", None]


def test_a_class_is_a_schema_too():
    """A pydantic class gives plain values, which a column can hold."""

    class Answer(BaseModel):
        mood: str
        words: int

    found = _answers(Model(), {"response_schema": Answer}, data=["one"])
    assert found["response"].tolist() == [{"mood": "fine", "words": 1}]
    assert found["words"].tolist() == [1]


def test_a_live_handle_in_the_config_is_used():
    """`{"llm_service": container.llm}`, as packages write it, needs no platform of the step."""
    model = Model()
    service = VertexAIBatch({"prompt": "Count.", "llm_service": Container(model).llm})
    assert service(pd.DataFrame({"data": ["one"]}))["response"].tolist() == ["1 words"]


def test_a_call_that_fails_is_the_error_of_its_row():
    """The failure is raised, so that its row is found by itself."""
    with pytest.raises(ItemFailure, match="The model refuses"):
        _answers(Model(), {}, data=["one", "bad"])


def test_pictures_are_asked_about(picture):
    """`image_column` sends a row's picture, with or without a text."""
    model = Model()
    found = _answers(model, {"image_column": "image"}, image=[picture("red"), None])
    assert found["response"].tolist() == ["0 words", None]
    assert model.requests[0].images[0].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("config", "field"),
    [({}, "instruction"), ({"instruction": "x", "schema": {"properties": {"data": {}}}}, "schema"),
     ({"instruction": "x", "modle": "gpt-4o"}, "modle")],
)  # fmt: skip
def test_a_config_that_cannot_work_is_refused_when_described(config, field):
    """No instruction, a property that would overwrite the content, an unknown field: each is named."""
    with pytest.raises(InvalidPackage) as caught:
        VertexAIBatch.models(config)
    assert caught.value.field == f"VertexAIBatch.{field}"


def test_another_model_is_another_code_fp():
    """The model asked is part of what the rows are made with."""
    one, other = (
        VertexAIBatch.models({"instruction": "x", "model": name}) for name in ("gpt-4o", "gpt-4o-mini")
    )
    assert one != other
