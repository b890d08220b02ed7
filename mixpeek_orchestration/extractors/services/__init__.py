"""The built-in services, as packages import them: by id, by class, and the config that all of them take.

Behind `shared.inference.registry`, `shared.inference.<org>.<model>.models` and `engine.inference.<org>.<model>.services`.
"""

from mixpeek_orchestration.extractors.services.bge import BGERerankerBatch
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
from mixpeek_orchestration.extractors.services.registry import get_batch_service, service_by_class
from mixpeek_orchestration.extractors.services.siglip import SigLIPEmbeddingBatch

__all__ = [
    "BGERerankerBatch",
    "CLIPEmbeddingBatch",
    "E5TextEmbeddingBatch",
    "FaceAlignmentBatch",
    "FaceDetectionBatch",
    "FaceEmbeddingBatch",
    "InferenceConfigs",
    "JinaCodeEmbeddingBatch",
    "MiniLMEmbeddingBatch",
    "SigLIPEmbeddingBatch",
    "get_batch_service",
    "service_by_class",
]
