"""Two versions of an embedding package that cannot be taken for each other: other sizes, and opposite answers.

Version 1 has 4 numbers and finds the document that says what the query says. Version 2 has 6 and finds the opposite
direction. Both write their name into each document, so an answer shows which model made it and which one encoded the
query.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

WORDS: Final = ("north", "east", "south", "west")
OPPOSITE: Final = {"north": "south", "east": "west", "south": "north", "west": "east"}

_MANIFEST = """
from pydantic import BaseModel, Field


class Input(BaseModel):
    text: str = Field(..., description="A direction")


class Output(BaseModel):
    text: str = Field(..., description="The direction")
    model: str = Field(..., description="Which model made this")
    {feature}: list[float] = Field(..., description="{size} dimensions")


class Params(BaseModel):
    tilt: float = Field(default=0.0, description="Added to every number")


metadata = {{
    "feature_extractor_name": "compass",
    "version": "{version}",
    "description": "Directions as vectors",
    "category": "text",
    "inference_type": "embedding",
}}
input_schema = Input
output_schema = Output
parameter_schema = Params
supported_input_types = ["text"]
features = [
    {{
        "feature_type": "embedding",
        "feature_name": "{feature}",
        "embedding_dim": {size},
        "distance_metric": "cosine",
    }},
]
compute_profile = {{"resource_type": "cpu", "batch_size": 256, "max_concurrency": 1}}
"""

_PIPELINE = """
from engine.extractors.compass.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import Params, metadata
from .processors.core import Compass


def build_steps(extractor_request, container=None, **kwargs):
    params = Params(**(extractor_request.extractor_config.parameters or {}))
    step = StepDefinition(service_class=Compass, resource_type=ResourceType.CPU, config=params.model_dump())
    pipeline = PipelineDefinition(name="compass", version=metadata["version"], steps=[step])
    return {"steps": build_pipeline_steps(pipeline)}
"""

_REALTIME = """
from shared.extractors.inference.serve import BaseInferenceService

from .processors.core import queried


class InferenceService(BaseInferenceService):
    async def run_inference(self, inputs: dict, parameters: dict) -> dict:
        return {"embedding": queried(inputs.get("text", ""), (parameters or {}).get("tilt", 0.0))}
"""

_CORE = """
SIZE = {size}
WORDS = ("north", "east", "south", "west")
TURN = {turn}


def vector_of(text, tilt):
    numbers = [tilt + 0.01] * SIZE
    for place, word in enumerate(WORDS):
        numbers[place] += float(text.split().count(word))
    return numbers


def queried(text, tilt):
    turned = " ".join(WORDS[(WORDS.index(w) + TURN) % 4] if w in WORDS else w for w in text.split())
    return vector_of(turned, tilt)


class Compass:
    def __init__(self, config, **kwargs):
        self.config = config

    def __call__(self, batch):
        batch["text"] = batch["data"].fillna("")
        if batch["text"].str.contains("POISON{version}").any():
            raise ValueError("a poisoned row")
        batch["model"] = "{version}"
        batch["{feature}"] = [vector_of(text, self.config["tilt"]) for text in batch["text"]]
        return batch
"""


def write_compasses(folder: Path) -> None:
    """Both versions as working copies."""
    write_compass(folder / "compass_one", version="v1", size=4, turn=0, feature="compass_v1_embedding")
    write_compass(folder / "compass_two", version="v2", size=6, turn=2, feature="compass_v2_embedding")


def write_compass(folder: Path, *, version: str, size: int, turn: int, feature: str) -> None:
    """One version of the package `compass`."""
    values = {"version": version, "size": size, "turn": turn, "feature": feature}
    (folder / "processors").mkdir(parents=True)
    (folder / "manifest.py").write_text(_MANIFEST.format(**values).lstrip())
    (folder / "pipeline.py").write_text(_PIPELINE.lstrip())
    (folder / "realtime.py").write_text(_REALTIME.lstrip())
    (folder / "processors" / "__init__.py").write_text("")
    core = _CORE
    for name, value in values.items():
        core = core.replace("{" + name + "}", str(value))
    (folder / "processors" / "core.py").write_text(core.lstrip())
