"""A tiny extractor package written to a folder: its realtime half answers with the length of the text."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.extractors.registry import PackageRegistry

MANIFEST = """
    from pydantic import BaseModel, Field
    from shared.extractors.sdk import ExtractorManifest, Feature


    class Input(BaseModel):
        text: str


    class Output(BaseModel):
        echo_embedding: list[float]


    class Parameters(BaseModel):
        scale: float = Field(default=1.0, description="What lengths are multiplied with.")
        broken: bool = Field(default=False, description="Whether warming up fails.")


    manifest = ExtractorManifest(
        feature_extractor_name="{name}",
        version="v1",
        description="Measures texts.",
        category="text",
        dependencies=[],
        supported_input_types=["text"],
        features=[Feature.embedding("echo_embedding", dim=2)],
        inference_type="embedding",
        input_schema=Input,
        output_schema=Output,
        parameter_schema=Parameters,
        example_input={{"text": "warm"}},
    )
"""
PIPELINE = """
    from shared.extractors.sdk import (
        BatchProcessor,
        PipelineDefinition,
        ResourceType,
        StepDefinition,
        build_pipeline_steps,
    )


    class Measure(BatchProcessor):
        def process(self, batch):
            batch["echo_embedding"] = [[float(len(text)), 1.0] for text in batch["data"]]
            return batch


    def build_steps(extractor_request, **_options):
        step = StepDefinition(service_class=Measure, resource_type=ResourceType.CPU, config={{}})
        return {{"steps": build_pipeline_steps(PipelineDefinition(name="{name}", version="v1", steps=[step]))}}
"""
REALTIME = """
    import asyncio

    from shared.extractors.sdk import InferenceService, InvalidInput


    class Echo(InferenceService):
        async def infer_many(self, requests):
            await asyncio.sleep(requests[0][0].get("slow", 0))
            return [{{**self._one(inputs, parameters), "together": len(requests)}} for inputs, parameters in requests]

        async def infer(self, inputs, parameters):
            return self._one(inputs, parameters)

        def _one(self, inputs, parameters):
            text = inputs["text"]
            if parameters.get("broken"):
                raise RuntimeError("the weights are not there")
            if text == "refuse":
                raise InvalidInput("Not this text.", field="text", value=text, fix="Send another.")
            if text == "raise":
                raise ValueError("cannot measure")
            if text == "nan":
                return {{"embedding": [float("nan"), 1.0]}}
            return {{"embedding": [len(text) * parameters.get("scale", 1.0), 1.0]}}
"""


def write_echo(folder: Path, name: str = "echo", *, extra_realtime: str = "") -> Path:
    """The package `name` in a folder of its own under `folder`."""
    package = folder / name
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "manifest.py").write_text(dedent(MANIFEST.format(name=name)))
    (package / "pipeline.py").write_text(dedent(PIPELINE.format(name=name)))
    (package / "realtime.py").write_text(dedent(REALTIME.format(name=name)) + dedent(extra_realtime))
    return package


def registry_of(folder: Path) -> PackageRegistry:
    return PackageRegistry([folder], folder / "cache")


def echo_recipe(folder: Path, name: str = "echo", **parameters: Any) -> Recipe:
    """The recipe of a package that `write_echo` wrote."""
    return registry_of(folder).describe(name, "v1", parameters).recipe
