"""A package that uses everything of the platform: a model of a provider, a secret, and weights of its namespace."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from safetensors.torch import save

from mixpeek_orchestration.warehouse.models.specs import ModelSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

MANIFEST = """
from pydantic import BaseModel

class In(BaseModel):
    text: str

class Out(BaseModel):
    labels: list[str]
    scaled: float
    note: str

metadata = {"feature_extractor_name": "asking", "version": "1.0.0", "description": "Asks a model.", "category": "text"}
input_schema, output_schema, parameter_schema = In, Out, None
supported_input_types = ["text"]
features = []
"""
PIPELINE = """
import asyncio

from engine.extractors.asking.pipeline import PipelineDefinition, ResourceType, StepDefinition, build_pipeline_steps
from engine.models.loader import load_namespace_model
from shared.extractors.sdk import concurrent_api_calls

SCHEMA = {"type": "object", "properties": {"labels": {"type": "array"}}, "required": ["labels"]}


class Asking:
    def __init__(self, config, **kwargs):
        self.llm, self.secrets = config["llm"], config["secrets"]
        self.weights = None

    def __call__(self, batch):
        if self.weights is None:
            self.weights = load_namespace_model("scaling")
        token = asyncio.run(self.secrets.get("EXTERNAL_TOKEN"))
        texts = batch["data"].tolist()

        async def ask(text):
            return await self.llm.generate("Label.", text=text, provider="openai", schema=SCHEMA)

        answers = concurrent_api_calls(texts, ask, max_concurrent=1)
        if any(text == "broken" for text in texts):
            raise ValueError(f"the service refused {token}")
        batch["labels"] = [answer.data["labels"] for answer in answers]
        batch["scaled"] = [float(self.weights["w"][0]) * len(text) for text in texts]
        batch["note"] = [token if text == "leaky" else "fine" for text in texts]
        return batch


def build_steps(extractor_request, container=None, **kwargs):
    config = {"llm": container.llm, "secrets": container.secrets}
    step = StepDefinition(service_class=Asking, resource_type=ResourceType.API, config=config)
    return {"steps": build_pipeline_steps(PipelineDefinition("asking", "1.0.0", [step]))}
"""


def write_asking(folder: Path) -> Path:
    """The folder, with the package `asking` in it."""
    package = folder / "asking"
    package.mkdir(parents=True)
    (package / "manifest.py").write_text(MANIFEST)
    (package / "pipeline.py").write_text(PIPELINE)
    return folder


def push_weights(warehouse: Warehouse, namespace_id: str, version: str, factor: float) -> None:
    """Another version of the namespace's model `scaling`."""
    content = io.BytesIO(save({"w": torch.tensor([factor])}))
    spec = ModelSpec(name="scaling", version=version, model_format="safetensors")
    warehouse.models.add(namespace_id, spec, iter(lambda: content.read(100), b""))
