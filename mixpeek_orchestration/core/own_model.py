"""Weights that a namespace has uploaded, and uploads of them that are under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FORMATS: Final = ("pytorch", "safetensors", "onnx", "huggingface")
MAX_BYTES: Final = 10 * 1024**3
MAX_PER_NAMESPACE: Final = 50


@dataclass(frozen=True)
class OwnModel:
    """One immutable version of a namespace's own weights.

    The file lies in the object store in `parts`, in order; `digest` is over the names and contents of what is in it,
    so that packing the same files again changes nothing. `version` is X.Y.Z.
    """

    model_id: str
    namespace_id: str
    name: str
    version: str
    model_format: str
    digest: str
    size_bytes: int
    parts: tuple[str, ...]
    description: str = ""
    framework: str | None = None
    task_type: str | None = None
    resource_requirements: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = ""


@dataclass(frozen=True)
class ModelUpload:
    """A model that was announced. Whoever knows the token may send the bytes until `expires_at` (seconds since the
    epoch); only its hash is kept. `parts` is empty until they have arrived, `model_id` until they are confirmed."""

    upload_id: str
    namespace_id: str
    name: str
    version: str
    model_format: str
    token_hash: str
    expires_at: float
    declared_bytes: int | None = None
    description: str = ""
    framework: str | None = None
    task_type: str | None = None
    resource_requirements: Mapping[str, Any] = field(default_factory=dict)
    size_bytes: int = 0
    parts: tuple[str, ...] = ()
    model_id: str = ""
