"""Packages written to a folder, as authors write them, and the registry that finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mixpeek_orchestration.extractors.registry import PackageRegistry

MANIFEST = """
from pydantic import BaseModel, Field

class MyInput(BaseModel):
    text: str = Field(..., description="Input text")

class MyOutput(BaseModel):
    my_embedding: list[float]

class MyParams(BaseModel):
    model_size: str = Field(default="base", description="base or large")
    limit: int = Field(default=10, ge=1)

metadata = {
    "feature_extractor_name": "my_extractor",
    "version": "1.0.0",
    "description": "Counts letters",
    "category": "text",
    "inference_type": "embedding",
}
input_schema = MyInput
output_schema = MyOutput
parameter_schema = MyParams
supported_input_types = ["text"]
features = [
    {"feature_type": "embedding", "feature_name": "my_embedding", "embedding_dim": 3, "distance_metric": "cosine"},
]
"""

PIPELINE = """
from engine.extractors.my_extractor.pipeline import (
    PipelineDefinition, ResourceType, StepDefinition, build_pipeline_steps
)
from .manifest import MyParams, metadata
from .processors.core import MyProcessor

def build_steps(extractor_request, container=None, **kwargs):
    params = MyParams(**(extractor_request.extractor_config.parameters or {}))
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[
            StepDefinition(
                service_class=MyProcessor,
                resource_type=ResourceType.CPU,
                config={"model_size": params.model_size},
            ),
        ],
    )
    return {"steps": build_pipeline_steps(pipeline)}
"""

CORE = """
from .letters import count

class MyProcessor:
    def __init__(self, config, **kwargs):
        self.config = config

    def __call__(self, batch):
        batch["my_embedding"] = [[float(count(text)), 1.0, 0.0] for text in batch["data"]]
        return batch
"""

LETTERS = """
def count(text):
    return len(text)
"""

REALTIME = """
from shared.extractors.inference.serve import BaseInferenceService
from .processors.letters import count

class InferenceService(BaseInferenceService):
    def __init__(self):
        super().__init__()

    async def run_inference(self, inputs: dict, parameters: dict) -> dict:
        return {"embedding": [float(count(inputs.get("text", ""))), 1.0, 0.0]}
"""

BASE = {
    "manifest.py": MANIFEST,
    "pipeline.py": PIPELINE,
    "processors/core.py": CORE,
    "processors/letters.py": LETTERS,
}

WritePackage = Callable[..., Path]


@pytest.fixture
def package(tmp_path: Path) -> WritePackage:
    """Writes the sample package, with `files` added or replaced (`None` leaves one out), and returns its folder."""

    def write(files: Mapping[str, str | None] | None = None, *, name: str = "my_extractor") -> Path:
        folder = tmp_path / "packages" / name
        for path, text in {**BASE, **(files or {})}.items():
            if text is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text)
        return folder

    return write


@pytest.fixture
def registry(tmp_path: Path) -> PackageRegistry:
    """The registry over the folder that `package` writes to."""
    return PackageRegistry([tmp_path / "packages"], tmp_path / "models")


@pytest.fixture
def describe(registry: PackageRegistry) -> Callable[..., Any]:
    """Describes the sample package with these parameters."""
    return lambda parameters=None: registry.describe("my_extractor", None, parameters)
