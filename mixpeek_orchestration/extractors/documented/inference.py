"""Behind `shared.inference` and `engine.inference`: the built-in services, whichever module a document has them in."""

from __future__ import annotations

from mixpeek_orchestration.extractors.services.bge import BGERerankerBatch
from mixpeek_orchestration.extractors.services.chunking import FFmpegParallelChunking
from mixpeek_orchestration.extractors.services.clip import CLIPEmbeddingBatch
from mixpeek_orchestration.extractors.services.configs import InferenceConfigs
from mixpeek_orchestration.extractors.services.e5 import E5TextEmbeddingBatch
from mixpeek_orchestration.extractors.services.faces import (
    FaceAlignmentBatch,
    FaceDetectionBatch,
    FaceEmbeddingBatch,
)
from mixpeek_orchestration.extractors.services.jina_code import JinaCodeEmbeddingBatch
from mixpeek_orchestration.extractors.services.minilm import MiniLMEmbeddingBatch
from mixpeek_orchestration.extractors.services.registry import (
    get_batch_service,
    get_realtime_service,
    service_by_class,
)
from mixpeek_orchestration.extractors.services.siglip import SigLIPEmbeddingBatch
from mixpeek_orchestration.extractors.services.thumbnails import ThumbnailGenerator
from mixpeek_orchestration.extractors.services.vertex import VertexAIBatch
from mixpeek_orchestration.extractors.services.whisper import WhisperTranscriptionBatch

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
    "get_realtime_service",
    "service_by_class",
]
