"""The one documented home of what extractor packages import.

`from shared.extractors.sdk import …` and every other documented import root of a package end here: the loader
rewrites them. Importing this module loads no pandas, torch or other heavy library.
"""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.errors import InvalidInput, ItemFailure, TransientItemFailure
from mixpeek_orchestration.extractors.assets import download_asset, open_asset, parallel_io
from mixpeek_orchestration.extractors.conditions import RowCondition
from mixpeek_orchestration.extractors.declaration import ExtractorManifest, Feature
from mixpeek_orchestration.extractors.model_files import (
    ModelFile,
    ModelSpec,
    files_of,
    model_cache,
    prefetch_hf_model,
    sha256_of,
    worker_threads,
)
from mixpeek_orchestration.extractors.pipeline import (
    ExtractorDefinition,
    ExtractorRequest,
    PipelineDefinition,
    PipelineStepsAndPrepare,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)
from mixpeek_orchestration.extractors.processing import (
    BaseBatchInferenceService,
    BaseInferenceService,
    BatchProcessor,
    InferenceService,
    ServeDeploymentConfig,
)

__all__ = [
    "BaseBatchInferenceService",
    "BaseInferenceService",
    "BatchProcessor",
    "ExtractorDefinition",
    "ExtractorManifest",
    "ExtractorRequest",
    "Feature",
    "InferenceService",
    "InvalidInput",
    "ItemFailure",
    "ModelFile",
    "ModelSpec",
    "PipelineDefinition",
    "PipelineStepsAndPrepare",
    "ResourceType",
    "RowCondition",
    "ServeDeploymentConfig",
    "StepDefinition",
    "TransientItemFailure",
    "build_pipeline_steps",
    "download_asset",
    "files_of",
    "model_cache",
    "open_asset",
    "parallel_io",
    "prefetch_hf_model",
    "sha256_of",
    "worker_threads",
]


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"The extractor SDK has no {name!r}. It has: {', '.join(__all__)}. "
        "Other documented names are not available in this version yet."
    )
