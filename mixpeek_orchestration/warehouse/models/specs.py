"""What people may say about their own models, in the names of the wire contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mixpeek_orchestration.core.own_model import MAX_BYTES
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import Spec

ModelFormat = Literal["pytorch", "safetensors", "onnx", "huggingface"]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_\-]{0,99}$")]


class ModelResources(Spec):
    """What a deployment of the model would need; kept, and shown."""

    num_cpus: float = Field(default=1.0, ge=0.1, le=64)
    num_gpus: int = Field(default=0, ge=0, le=8)
    memory: int = Field(default=4 * 1024**3, ge=0)


class ModelSpec(Spec):
    """A version of a model to create."""

    name: ModelName
    version: str = "1.0.0"
    model_format: ModelFormat = "safetensors"
    description: str | None = Field(default=None, max_length=500)
    framework: str | None = None
    task_type: str | None = None
    resource_requirements: ModelResources | None = None


class ModelUploadSpec(ModelSpec):
    """An upload of a model to announce."""

    file_size_bytes: int | None = Field(default=None, ge=1, le=MAX_BYTES)
    presigned_url_expiration: int = Field(default=3600, ge=60, le=86400)
    source: Literal["customer"] | None = None
    exportable: Later = None


class ModelConfirmSpec(Spec):
    """What the uploader saw go out."""

    etag: str | None = None
    file_size_bytes: int | None = None
