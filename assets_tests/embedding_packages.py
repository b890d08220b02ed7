"""Small packages that embed a text: one manifest, one step, one answer. Tests say only what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

_MANIFEST: Final = Template("""
from pydantic import BaseModel, Field


class Input(BaseModel):
    text: str = Field(..., description="Text to embed")


class Output(BaseModel):
    $outputs
    $feature: list[float] = Field(..., description="$size numbers")


class Params(BaseModel):
    $parameter


metadata = {
    "feature_extractor_name": "$name",
    "version": "$version",
    "description": "$description",
    "category": "text",
    "inference_type": "embedding",
}

input_schema = Input
output_schema = Output
parameter_schema = Params
supported_input_types = ["text"]

features = [
    {
        "feature_type": "embedding",
        "feature_name": "$feature",
        "embedding_dim": $size,
        "distance_metric": "cosine",
    },
]

compute_profile = {"resource_type": "cpu", "batch_size": $batch_size, "max_concurrency": 1}
""")

_PIPELINE: Final = Template("""
from engine.extractors.$name.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import Params, metadata
from .processors.core import $step


def build_steps(extractor_request, container=None, **kwargs):
    params = Params(**(extractor_request.extractor_config.parameters or {}))
    step = StepDefinition(service_class=$step, resource_type=ResourceType.CPU, config=params.model_dump())
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"], version=metadata["version"], steps=[step]
    )
    return {"steps": build_pipeline_steps(pipeline)}
""")

_REALTIME: Final = Template("""
from shared.extractors.inference.serve import BaseInferenceService

from .processors import core
from .manifest import Params


class InferenceService(BaseInferenceService):
    async def run_inference(self, inputs, parameters):
        params = Params(**(parameters or {}))
        return {"embedding": core.$answer(inputs["text"], **params.model_dump())}
""")


@dataclass(frozen=True)
class EmbeddingPackage:
    """What one package has of its own: its names, the code of its step, and which of its functions answers queries.

    `core` defines the class named `step`, and the function named `answer`, which takes a text and the parameter.
    `parameter` and `outputs` are fields of pydantic models; `outputs` are those beside the vector.
    """

    name: str
    version: str
    feature: str
    size: int
    parameter: str
    core: str
    step: str
    answer: str
    outputs: str = ""
    description: str = "Texts as vectors"
    batch_size: int = 16

    def files(self) -> dict[str, str]:
        """The files of the package by path."""
        said = {name: str(getattr(self, name)) for name in self.__dataclass_fields__ if name != "core"}
        return {
            "manifest.py": _MANIFEST.substitute(said),
            "pipeline.py": _PIPELINE.substitute(said),
            "realtime.py": _REALTIME.substitute(said),
            "processors/__init__.py": "",
            "processors/core.py": self.core,
        }


def written(folder: Path, files: dict[str, str]) -> Path:
    """The package as a folder."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder
