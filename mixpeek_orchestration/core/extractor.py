"""What the warehouse knows about an extractor without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mixpeek_orchestration.core.collection import VectorIndex


@dataclass(frozen=True)
class Resources:
    """What one worker of a step occupies. `gpus` may be a fraction; `memory_bytes` 0 means unknown."""

    cpus: float = 1.0
    gpus: float = 0.0
    memory_bytes: int = 0


@dataclass(frozen=True)
class StepDescription:
    """One step of a pipeline as data: what runs, on what, over which rows, how many rows at a time."""

    name: str
    resource_type: str
    resources: Resources
    condition: str = "ALWAYS"
    batch_size: int = 64
    concurrency: int = 1


@dataclass(frozen=True)
class ModelDescription:
    """Weights that a pipeline computes with; part of `code_fp`."""

    model_id: str
    revision: str
    backend: str
    digest: str = ""


@dataclass(frozen=True)
class ExtractorDescription:
    """An extractor version with one set of parameters, described.

    `code_parts` are the named parts under `code_fp`; `realtime_fp` is empty when there is no `realtime.py`.
    `path` is the folder of the working copy.
    """

    name: str
    version: str
    description: str
    path: str
    parameters: Mapping[str, Any]
    supported_input_types: tuple[str, ...]
    input_fields: tuple[str, ...]
    output_fields: tuple[str, ...]
    vectors: tuple[VectorIndex, ...]
    steps: tuple[StepDescription, ...]
    models: tuple[ModelDescription, ...]
    code_parts: Mapping[str, str]
    code_fp: str
    realtime_fp: str = ""
    inference_type: str | None = None
    position_fields: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    input_schema: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] = field(default_factory=dict)
    parameter_schema: Mapping[str, Any] = field(default_factory=dict)
    model_cache: str = ""

    @property
    def has_realtime(self) -> bool:
        return bool(self.realtime_fp)

    @property
    def recipe(self) -> Recipe:
        """What a worker needs to build the same steps itself."""
        return Recipe(self.name, self.version, self.path, self.parameters, self.code_fp, self.model_cache)


@dataclass(frozen=True)
class Recipe:
    """What travels to workers and replicas instead of live objects.

    A worker whose copy of the package has another `code_fp` must refuse to build. `model_cache` is the folder where
    model files are kept, empty for the worker's own default.
    """

    name: str
    version: str
    path: str
    parameters: Mapping[str, Any]
    code_fp: str
    model_cache: str = ""
