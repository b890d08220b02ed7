"""Behind `shared.inference` and `engine.inference`: the built-in services, whichever module a document has them in."""

# ruff: noqa: F822 - the names are looked up when they are asked for

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.extractors.services.configs import InferenceConfigs

__all__ = [
    "BGERerankerBatch",
    "CLIPEmbeddingBatch",
    "E5TextEmbeddingBatch",
    "FFmpegParallelChunking",
    "FaceAlignmentBatch",
    "FaceDetectionBatch",
    "FaceEmbeddingBatch",
    "InferenceConfigs",
    "JinaCodeEmbeddingBatch",
    "MiniLMEmbeddingBatch",
    "SigLIPEmbeddingBatch",
    "ThumbnailGenerator",
    "VertexAIBatch",
    "WhisperTranscriptionBatch",
    "get_batch_service",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from mixpeek_orchestration.extractors.services import registry

    return registry.get_batch_service if name == "get_batch_service" else registry.service_by_class(name)
