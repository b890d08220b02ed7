"""`build_steps` in all its documented forms, and constructors in theirs."""

from __future__ import annotations

import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.extractor import Resources
from mixpeek_orchestration.extractors.pipelines.conditions import RowCondition, matches
from mixpeek_orchestration.extractors.processing import BatchProcessor
from mixpeek_orchestration.extractors.recipe import build_steps

from .conftest import MANIFEST

FRAME = pd.DataFrame({"data": ["ab"], "document_id": ["d"]})
HEAD = """
from engine.plugins.extractors.pipeline import (
    PipelineDefinition, ResourceType, RowCondition, StepDefinition, build_pipeline_steps
)
class Processor:
    def __init__(self, config):
        self.config = config
    def __call__(self, batch):
        batch["seen"] = [self.config["a"]] * len(batch)
        return batch
def mark(batch):
    batch["seen"] = "function"
    return batch
"""


@pytest.fixture
def steps(package, describe):
    """The steps of a package whose `build_steps` has this body."""

    def build(body, signature="extractor_request, **kwargs", head=HEAD):
        package({"pipeline.py": f"{head}\ndef build_steps({signature}):\n    {body}\n"})
        return build_steps(describe().recipe)

    return build


CONSTRUCTORS = {
    "config": "def __init__(self, config): self.config = config",
    "config and options": "def __init__(self, config, **kwargs): self.config = config",
    "progress actor": "def __init__(self, config, progress_actor=None): self.config = config",
    "config default": "def __init__(self, config=None, **kwargs): self.config = config",
    "secrets": "def __init__(self, config, secrets=None): self.config = config",
    "another name": "def __init__(self, settings): self.config = settings",
    "keyword only": "def __init__(self, *, config): self.config = config",
    "options only": "def __init__(self, **kwargs): self.config = kwargs['config']",
    "positional": "def __init__(self, *args): self.config = args[0]",
    "none": "config = {'a': 1}",
}


@pytest.mark.parametrize("constructor", CONSTRUCTORS.values(), ids=CONSTRUCTORS.keys())
def test_every_documented_constructor_gets_its_config(steps, constructor):
    """The config reaches the processor, whatever the constructor is called with."""
    head = HEAD.replace("def __init__(self, config):\n        self.config = config", constructor)
    step = steps("return {'steps': [StepDefinition(Processor, ResourceType.CPU, {'a': 1})]}", head=head)[0]
    assert step.create()(FRAME.copy())["seen"].tolist() == [1]


def test_a_constructor_that_needs_more_is_refused_when_described(steps):
    """A processor that could not be created is an error before any run."""
    head = HEAD.replace("def __init__(self, config):", "def __init__(self, config, model):")
    with pytest.raises(InvalidPackage, match="needs more than its config"):
        steps("return {'steps': [StepDefinition(Processor)]}", head=head)


FORMS = {
    "instance": ("return {'steps': [Processor({'a': 1})]}", 1),
    "function": ("return {'steps': [mark]}", "function"),
    "dataclass": ("return {'steps': [StepDefinition(mark)], 'prepare': lambda ds: ds}", "function"),
    "object": (
        "from types import SimpleNamespace\n    return SimpleNamespace(steps=[mark], prepare=None)",
        "function",
    ),
    "list": ("return [mark]", "function"),
    "disabled": (
        "return {'steps': [StepDefinition(Processor, config={'a': 1}, enabled=False), mark]}",
        "function",
    ),
}


@pytest.mark.parametrize(("body", "seen"), FORMS.values(), ids=FORMS.keys())
def test_every_documented_form_of_steps(steps, body, seen):
    """Definitions, instances, classes and plain functions are steps."""
    built = steps(body)
    assert len(built) == 1
    assert built[0].create()(FRAME.copy())["seen"].tolist() == [seen]


@pytest.mark.parametrize(
    "signature",
    [
        "extractor_request",
        "extractor_request, container=None",
        "extractor_request, container=None, base_steps=None, dataset_size=None, content_flags=None",
        "extractor_request, **kwargs",
    ],
)
def test_every_documented_signature_of_build_steps(steps, signature):
    """`build_steps` is called with what it can take."""
    body = "extractor_request.params, extractor_request.parameters, extractor_request.extractor_config.parameters\n    return {'steps': [mark]}"
    assert len(steps(body, signature)) == 1


def test_a_step_is_described_by_its_definition_and_the_profile(package, describe):
    """What a step leaves open comes from the compute profile."""
    profile = 'compute_profile = {"batch_size": 16, "max_concurrency": 3, "actor_memory_gb": 1.5}'
    body = """
def build_steps(request):
    return {"steps": [
        StepDefinition(Processor, ResourceType.GPU, {"a": 1}, condition=RowCondition.IS_IMAGE, batch_size=8),
        StepDefinition(Processor, "api", {"a": 1}, concurrency=5),
    ]}
"""
    package({"pipeline.py": HEAD + body, "manifest.py": f"{MANIFEST}\n{profile}"})
    first, second = describe().steps
    memory = 3 << 29
    assert (first.name, second.name) == ("Processor_1", "Processor_2")
    assert first.resources == Resources(cpus=1.0, gpus=1.0, memory_bytes=memory)
    assert (first.condition, first.batch_size, first.concurrency) == ("IS_IMAGE", 8, 3)
    assert second.resources == Resources(cpus=0.25, gpus=0.0, memory_bytes=memory)
    assert (second.condition, second.batch_size, second.concurrency) == ("ALWAYS", 16, 5)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("return {'steps': []}", "build_steps.steps"),
        ("return {'steps': [3]}", "steps.int"),
        ("return {'steps': [mark], 'prepare': lambda ds: ds.filter(len)}", "build_steps.prepare"),
        ("return {'steps': [mark], 'extra': 1}", "build_steps.extra"),
        ("return {'steps': [mark], 'models': ['m']}", "build_steps.models"),
        ("return {'steps': [StepDefinition(mark, condition='IS_SOUND')]}", "condition"),
        ("return {'steps': [StepDefinition(mark, resource_type='tpu')]}", "compute_profile.resource_type"),
        ("return {'steps': [StepDefinition(mark, config=kwargs['container'].queue)]}", "container.queue"),
        ("return {'steps': [StepDefinition(mark, enabled=False)]}", "build_steps.steps"),
        ("raise KeyError('x')", "pipeline.build_steps"),
    ],
)
def test_what_build_steps_gets_wrong_is_named(steps, body, field):
    """A bad result, and a platform service that there is not, are refused by field."""
    with pytest.raises(InvalidPackage) as caught:
        steps(body)
    assert caught.value.field == field


def test_an_absent_service_can_be_asked_for_politely(steps):
    """`hasattr` and `getattr` with a default see that a service is not there."""
    body = "assert not hasattr(kwargs['container'], 'queue')\n    return {'steps': [mark]}"
    assert steps(body)


def test_setup_runs_once_and_its_failure_blames_no_row(steps):
    """`setup()` runs before the first batch only; what it raises is the package's error, not the row's."""
    head = """
from shared.extractors.sdk import BatchProcessor
class Processor(BatchProcessor):
    ready = 0
    def setup(self):
        self.ready += 1
        if self.config.get("broken"):
            raise OSError("no weights")
    def process(self, batch):
        return batch.assign(seen=self.ready)
class Broken(Processor):
    def __init__(self, config):
        super().__init__({"broken": True})
"""
    good, broken = (step.create() for step in steps("return [Processor, Broken]", head=head))
    assert [good(FRAME)["seen"][0], good(FRAME)["seen"][0]] == [1, 1]
    with pytest.raises(InvalidPackage, match="no weights"):
        broken(FRAME)


def test_a_model_that_cannot_be_had_blames_no_row(steps):
    """A step that loads its model in the first batch and finds neither it nor the hub fails for the whole run, at the
    first attempt; its other errors stay those of their rows."""
    head = """
from huggingface_hub.errors import LocalEntryNotFoundError
def load(batch):
    try:
        raise LocalEntryNotFoundError("not cached")
    except LocalEntryNotFoundError as error:
        raise OSError("cannot connect to the hub") from error
def read(batch):
    raise OSError("no such file")
"""
    missing, unreadable = (step.create() for step in steps("return [load, read]", head=head))
    with pytest.raises(InvalidPackage, match="'load' got no model: cannot connect"):
        missing(FRAME)
    with pytest.raises(OSError, match="no such file"):
        unreadable(FRAME)


MIMES = ["text/plain", "image/png", "video/mp4", "audio/wav", "application/pdf", None]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ALWAYS", [1, 1, 1, 1, 1, 1]),
        ("IS_TEXT", [1, 0, 0, 0, 0, 0]),
        ("IS_IMAGE", [0, 1, 0, 0, 0, 0]),
        ("IS_VIDEO", [0, 0, 1, 0, 0, 0]),
        ("IS_AUDIO", [0, 0, 0, 1, 0, 0]),
        ("IS_PDF", [0, 0, 0, 0, 1, 0]),
        ("IS_VISUAL", [0, 1, 1, 0, 0, 0]),
        (RowCondition.IS_VIDEO_OR_AUDIO, [0, 0, 1, 1, 0, 0]),
    ],
)
def test_conditions_match_by_mime_type(condition, expected):
    """Each documented condition matches its MIME types; a row without one matches ALWAYS only."""
    assert matches(condition, MIMES) == [bool(one) for one in expected]


OLDER_PIPELINE = """
from typing import Any, Dict, Optional
from engine.plugins.extractors.pipeline import (
    PipelineDefinition, ResourceType, RowCondition, StepDefinition, build_pipeline_steps
)
from shared.collection.features.extractors.models import ExtractorDefinition
from .manifest import MyParams, metadata
from .processors.core import MyConfig, MyProcessor

def build_steps(
    extractor_request: Any,
    container: Optional[Any] = None,
    base_steps: Optional[list] = None,
    dataset_size: Optional[int] = None,
    content_flags: Optional[dict] = None,
) -> Dict[str, Any]:
    params = MyParams(**(extractor_request.extractor_config.parameters or {}))
    steps = [
        StepDefinition(
            service_class=MyProcessor,
            resource_type=ResourceType.CPU,
            config=MyConfig(limit=params.limit),
            condition=RowCondition.IS_TEXT,
        )
    ]
    pipeline = PipelineDefinition(name="my_extractor", version="v1", steps=steps)
    return {
        "steps": (base_steps or []) + build_pipeline_steps(pipeline, dataset_size=dataset_size),
        "prepare": lambda ds: ds,
    }

extractor_definition = ExtractorDefinition(
    name=metadata["feature_extractor_name"],
    version=metadata["version"],
    extractor_function_path=build_steps,
    requires_file_resolution=False,
)
"""

OLDER_CORE = """
from dataclasses import dataclass

@dataclass
class MyConfig:
    limit: int = 1

class MyProcessor:
    def __init__(self, config: MyConfig, progress_actor=None):
        self.config = config

    def __call__(self, batch):
        batch["limit"] = self.config.limit
        return batch
"""


def test_a_package_of_the_older_layout_runs(package, describe):
    """Plugin import roots, a dataclass config, a registration record and a package `__init__` all work together."""
    package(
        {
            "__init__.py": "from .pipeline import extractor_definition\n__all__ = ['extractor_definition']\n",
            "pipeline.py": OLDER_PIPELINE,
            "processors/__init__.py": "from .core import MyConfig, MyProcessor\n",
            "processors/core.py": OLDER_CORE,
        }
    )
    step = build_steps(describe({"limit": 4}).recipe)[0]
    assert step.description.condition == "IS_TEXT"
    assert step.create()(FRAME.copy())["limit"].tolist() == [4]


def test_a_constructor_of_the_packages_own_need_not_call_the_base() -> None:
    """A BatchProcessor whose `__init__` replaces the inherited one is set up and called like any other."""

    class Own(BatchProcessor):
        def __init__(self, config):
            self.suffix = config

        def setup(self):
            self.suffix += "!"

        def process(self, batch):
            return batch.assign(seen=batch["data"] + self.suffix)

    assert Own("?")(FRAME.copy())["seen"].tolist() == ["ab?!"]
