"""Pipelines as extractor authors write them: steps as data, nothing that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mixpeek_orchestration.extractors.pipelines.conditions import RowCondition


class ResourceType(StrEnum):
    """What a step's worker mainly needs: a core, an accelerator, or only to wait for a remote API."""

    CPU = "cpu"
    GPU = "gpu"
    API = "api"


@dataclass
class StepDefinition:
    """One step: `service_class` is instantiated with `config` once per worker and called once per batch.

    `concurrency` and `batch_size` override the manifest's `compute_profile` for this step.
    """

    service_class: Any
    resource_type: ResourceType | str = ResourceType.CPU
    config: Any = None
    condition: RowCondition | str = RowCondition.ALWAYS
    enabled: bool = True
    concurrency: int | None = None
    batch_size: int | None = None


@dataclass
class PipelineDefinition:
    """The steps of an extractor, in order."""

    name: str
    version: str = "v1"
    steps: list[Any] = field(default_factory=list)


def build_pipeline_steps(
    pipeline: PipelineDefinition, dataset_size: int | None = None, **_options: Any
) -> list[Any]:
    """The enabled steps of `pipeline`. Sizes and pools are decided later, from measured load."""
    del dataset_size
    return [step for step in pipeline.steps if getattr(step, "enabled", True)]


@dataclass(frozen=True)
class ExtractorConfig:
    """The `extractor_config` of a request: validated parameters and the input mappings."""

    parameters: Mapping[str, Any]
    input_mappings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExtractorRequest:
    """What `build_steps(extractor_request)` gets, with the spellings of every generation of the documentation."""

    extractor_config: ExtractorConfig

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.extractor_config.parameters

    params = parameters

    @property
    def input_mappings(self) -> Mapping[str, Any]:
        return self.extractor_config.input_mappings


@dataclass
class ExtractorDefinition:
    """The registration record that older packages leave in `pipeline.py`; the loader reads `build_steps` instead."""

    name: str
    version: str
    extractor_function_path: Any = None
    requires_file_resolution: bool = False


def unchanged(dataset: Any) -> Any:
    """The `prepare` of a pipeline that needs none."""
    return dataset


@dataclass
class PipelineStepsAndPrepare:
    """What `build_steps` and `extract` may return instead of a dict."""

    steps: list[Any] = field(default_factory=list)
    prepare: Callable[[Any], Any] = unchanged
