"""The one documented home of what extractor packages import.

`from shared.extractors.sdk import …` and every other documented import root of a package end here: the loader
rewrites them. Importing this module loads no pandas, torch or other heavy library.
"""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.errors import InvalidInput, ItemFailure, TransientItemFailure
from mixpeek_orchestration.core.ports.platform import LLMRequest
from mixpeek_orchestration.extractors.asset_uploads import upload_asset
from mixpeek_orchestration.extractors.assets import download_asset, open_asset, parallel_io
from mixpeek_orchestration.extractors.concurrency import concurrent_api_calls
from mixpeek_orchestration.extractors.container import Container
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
from mixpeek_orchestration.extractors.models import (
    LazyModelMixin,
    is_hf_model_cached,
    lazy_model,
    load_custom_model,
    load_hf_model,
    load_hf_model_async,
    load_namespace_model,
)
from mixpeek_orchestration.extractors.pipelines.conditions import RowCondition
from mixpeek_orchestration.extractors.pipelines.pipeline import (
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
from mixpeek_orchestration.extractors.tools import run_tool

__all__ = [
    "BaseBatchInferenceService",
    "BaseInferenceService",
    "BatchProcessor",
    "Container",
    "ExtractorDefinition",
    "ExtractorManifest",
    "ExtractorRequest",
    "Feature",
    "InferenceService",
    "InvalidInput",
    "ItemFailure",
    "LLMRequest",
    "LazyModelMixin",
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
    "concurrent_api_calls",
    "download_asset",
    "files_of",
    "is_hf_model_cached",
    "lazy_model",
    "load_custom_model",
    "load_hf_model",
    "load_hf_model_async",
    "load_namespace_model",
    "model_cache",
    "open_asset",
    "parallel_io",
    "prefetch_hf_model",
    "run_tool",
    "sha256_of",
    "upload_asset",
    "worker_threads",
]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"The extractor SDK has no {name!r}. It has: {', '.join(__all__)}.")
