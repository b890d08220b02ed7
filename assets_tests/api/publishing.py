"""Packages to publish, and the steps of publishing them over HTTP."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import httpx

MANIFEST = """
from pydantic import BaseModel, Field


class Input(BaseModel):
    text: str = Field(..., description="Text to embed")


class Output(BaseModel):
    {name}_embedding: list[float] = Field(..., description="4 numbers")


class Params(BaseModel):
    scale: float = Field(default=1.0, description="What the vector is multiplied by")


metadata = {{
    "feature_extractor_name": "{name}",
    "version": "{version}",
    "description": "Turns the length of a text into a vector",
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
        "feature_name": "{name}_embedding",
        "embedding_dim": 4,
        "distance_metric": "cosine",
    }},
]

compute_profile = {{"resource_type": "cpu", "batch_size": 16, "max_concurrency": 1}}
"""

PIPELINE = """
from engine.extractors.{name}.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import Params, metadata
from .processors.core import Lengths


def build_steps(extractor_request, container=None, **kwargs):
    params = Params(**(extractor_request.extractor_config.parameters or {{}}))
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[
            StepDefinition(
                service_class=Lengths, resource_type=ResourceType.CPU, config={{"scale": params.scale}}
            )
        ],
    )
    return {{"steps": build_pipeline_steps(pipeline)}}
"""

CORE = """
def vector_of(text, scale=1.0):
    return [scale * {factor}, scale * len(text), 1.0, 0.0]


class Lengths:
    def __init__(self, config, **kwargs):
        self.scale = config["scale"]

    def __call__(self, batch):
        batch["{name}_embedding"] = [vector_of(text, self.scale) for text in batch["data"].fillna("")]
        return batch
"""

REALTIME = """
from shared.extractors.inference.serve import BaseInferenceService

from .processors.core import vector_of


class InferenceService(BaseInferenceService):
    async def run_inference(self, inputs, parameters):
        return {{"embedding": vector_of(inputs["text"], (parameters or {{}}).get("scale", 1.0))}}
"""


def package(name: str, *, version: str = "1.0.0", factor: float = 1.0, **files: str) -> dict[str, str]:
    """The files of a package whose vectors begin with `factor`; `files` replace or add some, `__` being a slash."""
    made = {
        "manifest.py": MANIFEST,
        "pipeline.py": PIPELINE,
        "realtime.py": REALTIME,
        "processors/__init__.py": "",
        "processors/core.py": CORE,
    }
    filled = {path: text.format(name=name, version=version, factor=factor) for path, text in made.items()}
    return filled | {f"{path.replace('__', '/')}.py": text for path, text in files.items()}


def zipped(files: dict[str, str], root: str = "") -> bytes:
    """The files as a zip archive, under a folder where one is named."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(f"{root}{path}", text)
    return buffer.getvalue()


def written(folder: Path, files: dict[str, str]) -> Path:
    """The package as a folder."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def announced(http: httpx.Client, name: str, **said: Any) -> dict[str, Any]:
    """An announced upload."""
    answer = http.post("/namespaces/testing/plugins/uploads", json={"name": name, **said})
    assert answer.status_code == 200, answer.text
    return answer.json()


def sent(url: str, archive: bytes, **headers: str) -> httpx.Response:
    """The answer to the bytes."""
    return httpx.put(url, content=archive, headers={"Content-Type": "application/zip", **headers}, timeout=60)


def confirmed(http: httpx.Client, upload_id: str, **said: Any) -> dict[str, Any]:
    """What the confirmation came to."""
    answer = http.post(f"/namespaces/testing/plugins/uploads/{upload_id}/confirm", json=said, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def published(http: httpx.Client, name: str, archive: bytes, **said: Any) -> dict[str, Any]:
    """What came of an archive that was announced, sent and confirmed."""
    upload = announced(http, name, file_size_bytes=len(archive), **said)
    received = sent(upload["presigned_url"], archive)
    assert received.status_code == 200, received.text
    assert received.headers["etag"] == f'"{hashlib.sha256(archive).hexdigest()}"'
    return confirmed(http, upload["upload_id"], etag=received.headers["etag"])
