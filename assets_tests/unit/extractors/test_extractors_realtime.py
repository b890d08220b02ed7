"""The realtime half: every documented class and method, behind one interface."""

from __future__ import annotations

import asyncio

import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.realtime import load_realtime

from .conftest import MANIFEST, REALTIME

FORMS = {
    "run_inference": REALTIME,
    "typed": """
from shared.extractors.sdk import InferenceService
class MyInference(InferenceService):
    def setup(self):
        self.one = 1.0
    async def infer(self, inputs, parameters):
        return {"embedding": [float(len(inputs["text"])), self.one, 0.0]}
""",
    "_process_single": """
from typing import Any, Dict
from shared.plugins.inference.serve import BaseInferenceService, ServeDeploymentConfig
class MyRealtimeService(BaseInferenceService):
    serve_config = ServeDeploymentConfig(enabled=True, num_replicas=1)
    def __init__(self):
        super().__init__()
    async def _process_single(self, inputs: Dict[str, Any], parameters: Dict[str, Any]) -> Dict[str, Any]:
        return {"embedding": [float(len(inputs["text"])), 1.0, 0.0]}
""",
    "__call__": """
class RealtimeHandler:
    async def __call__(self, inputs, parameters):
        return {"embedding": [float(len(inputs["text"])), 1.0, 0.0]}
""",
    "predict": """
class MyInferenceService:
    def predict(self, request):
        return {"embedding": [float(len(request["inputs"]["text"])), 1.0, 0.0]}
""",
    "factory": """
class Whatever:
    def infer(self, inputs, parameters):
        return {"embedding": [float(len(inputs["text"])), 1.0, 0.0]}
def get_inference_service(**kwargs):
    return Whatever()
""",
}


@pytest.fixture
def service(package, describe):
    """The realtime service of the package with this `realtime.py`."""

    def load(code):
        package({"realtime.py": code})
        return load_realtime(describe().recipe)

    return load


@pytest.mark.parametrize("code", FORMS.values(), ids=FORMS.keys())
def test_every_documented_form_answers(service, code):
    """Class names, base classes and methods of every generation of the documentation give the same answer."""
    answer = asyncio.run(service(code).infer({"text": "abc"}, {}))
    assert answer == {"embedding": [3.0, 1.0, 0.0]}


def test_warm_up_is_a_real_inference(service):
    """Warming up returns an answer that the package computed."""
    assert asyncio.run(service(REALTIME).warm_up({}))["embedding"][0] == len("warm up")


def test_many_requests_go_one_by_one_without_infer_many(service):
    """A package that knows no batches still answers many requests, in order."""
    requests = [({"text": "a"}, {}), ({"text": "abc"}, {})]
    answers = asyncio.run(service(REALTIME).infer_many(requests))
    assert [answer["embedding"][0] for answer in answers] == [1.0, 3.0]


def test_setup_is_tried_again_after_it_failed(service):
    """A failed set-up fails the request; the next request sets up again, and then never more."""
    loaded = service("""
from shared.extractors.sdk import InferenceService
class S(InferenceService):
    tried = 0
    def setup(self):
        self.tried += 1
        if self.tried == 1:
            raise ConnectionError("away")
    async def infer(self, inputs, parameters):
        return {"embedding": [1.0, 0.0, 0.0], "tried": self.tried}
""")

    async def ask():
        with pytest.raises(ConnectionError):
            await loaded.infer({}, {})
        return [(await loaded.infer({}, {}))["tried"], (await loaded.infer({}, {}))["tried"]]

    assert asyncio.run(ask()) == [2, 2]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "no realtime.py"),
        ("x = 1", "defines no inference service"),
        (
            "from shared.extractors.sdk import InferenceService\nclass S(InferenceService): pass",
            "answers nothing",
        ),
        ("class MyInferenceService:\n    async def infer(self, i, p): return [1.0]", "answered with list"),
        (
            "class MyInferenceService:\n    async def infer(self, i, p): return {'answer': [1.0]}",
            "instead of a vector",
        ),
    ],
)
def test_what_cannot_answer_is_refused(service, code, message):
    """A package without a usable realtime half says what is missing."""
    with pytest.raises(InvalidPackage, match=message):
        asyncio.run(service(code).infer({"text": "a"}, {}))


def test_a_service_that_takes_the_inputs_alone_answers(service):
    """Parameters are left out for a method that has no place for them."""
    code = (
        "class MyInferenceService:\n    def infer(self, inputs):\n        return {'vector': [1.0, 2.0, 3.0]}"
    )
    assert asyncio.run(service(code).infer({"text": "a"}, {}))["embedding"] == [1.0, 2.0, 3.0]


def test_a_service_gets_the_container_it_asks_for(service):
    """A constructor or factory with a parameter `container` gets the platform's services."""
    code = """
class MyInferenceService:
    def __init__(self, container=None):
        self.ok = hasattr(container, "llm") and hasattr(container, "secrets")
    def infer(self, inputs, parameters):
        return {"embedding": [float(self.ok), 0.0, 0.0]}
"""
    assert asyncio.run(service(code).infer({}, {}))["embedding"][0] == 1.0


def test_a_warm_up_that_is_guessed_wrong_asks_for_an_example(service, package, describe):
    """Without `example_input` the first question is a guess; a service that cannot answer it is told what to add, and
    with an example its own error stands."""
    picture = """
class MyInferenceService:
    def infer(self, inputs, parameters):
        return {"embedding": [float(len(inputs["image"])), 0.0, 0.0]}
"""
    with pytest.raises(InvalidPackage, match="KeyError") as refused:
        asyncio.run(service(picture).warm_up({}))
    assert refused.value.field == "example_input"
    package({"realtime.py": picture, "manifest.py": MANIFEST + 'example_input = {"image": "data:"}\n'})
    assert asyncio.run(load_realtime(describe().recipe).warm_up({}))["embedding"][0] == 5.0
