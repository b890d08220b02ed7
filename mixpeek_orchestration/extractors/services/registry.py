"""The built-in services, by the ids and class names that Mixpeek's documentation gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Never

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.services.bge import BGERerankerBatch
from mixpeek_orchestration.extractors.services.chunking import FFmpegParallelChunking
from mixpeek_orchestration.extractors.services.clip import CLIPEmbeddingBatch
from mixpeek_orchestration.extractors.services.e5 import E5TextEmbeddingBatch
from mixpeek_orchestration.extractors.services.faces import (
    FaceAlignmentBatch,
    FaceDetectionBatch,
    FaceEmbeddingBatch,
)
from mixpeek_orchestration.extractors.services.jina_code import JinaCodeEmbeddingBatch
from mixpeek_orchestration.extractors.services.minilm import MiniLMEmbeddingBatch
from mixpeek_orchestration.extractors.services.realtime import BuiltInInferenceService, realtime_class
from mixpeek_orchestration.extractors.services.service import BuiltInService
from mixpeek_orchestration.extractors.services.siglip import SigLIPEmbeddingBatch
from mixpeek_orchestration.extractors.services.thumbnails import ThumbnailGenerator
from mixpeek_orchestration.extractors.services.vertex import VertexAIBatch
from mixpeek_orchestration.extractors.services.whisper import WhisperTranscriptionBatch


@dataclass(frozen=True)
class Entry:
    """A service, what it is for, and its ids; the first one is that of its weights."""

    service: type[BuiltInService]
    purpose: str
    ids: tuple[str, ...] = ()


SERVICES: Final = (
    Entry(E5TextEmbeddingBatch, "Text embedding", ("intfloat/multilingual-e5-large-instruct",)),
    Entry(
        MiniLMEmbeddingBatch, "Text embedding", ("sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM-L6-v2")
    ),
    Entry(JinaCodeEmbeddingBatch, "Code embedding", ("jinaai/jina-embeddings-v2-base-code",)),
    Entry(CLIPEmbeddingBatch, "Picture and text embedding", ("openai/clip-vit-base-patch32",)),
    Entry(SigLIPEmbeddingBatch, "Picture and text embedding", ("google/siglip-base-patch16-224",)),
    Entry(BGERerankerBatch, "Reranking", ("BAAI/bge-reranker-v2-m3",)),
    Entry(WhisperTranscriptionBatch, "Transcription", ("openai/whisper-large-v3-turbo",)),
    Entry(FFmpegParallelChunking, "Cutting audio and video"),
    Entry(ThumbnailGenerator, "Thumbnails"),
    Entry(VertexAIBatch, "Language model"),
    Entry(FaceDetectionBatch, "Faces"),
    Entry(FaceAlignmentBatch, "Faces"),
    Entry(FaceEmbeddingBatch, "Faces"),
)


def get_batch_service(model_id: str) -> type[BuiltInService]:
    """The batch step behind a model id (or class name); raises `InvalidPackage` listing what there is."""
    found = {
        _plain(name): entry.service for entry in SERVICES for name in (*entry.ids, entry.service.__name__)
    }
    listed = [name for entry in SERVICES for name in entry.ids[:1]]
    return found.get(_plain(model_id)) or _unknown("service", model_id, listed)


def service_by_class(name: str) -> type[BuiltInService]:
    """The batch step with this class name; raises `InvalidPackage` listing what there is."""
    found = {entry.service.__name__: entry.service for entry in SERVICES}
    return found.get(name) or _unknown("service class", name, list(found))


def get_realtime_service(model_id: str, config: Any = None) -> type[BuiltInInferenceService]:
    """The class for `realtime.py` that answers queries with the model that a batch step embeds documents with."""
    return realtime_class(get_batch_service(model_id), config)


def live_service(service_id: str, config: Mapping[str, Any] | None = None) -> BuiltInService:
    """An instance for `container.inference.get(id)`: it has `embed_batch`, `scores` or `transcribe`, and loads its
    model when first used."""
    return get_batch_service(service_id)(config)


def _unknown(what: str, name: str, listed: Sequence[str]) -> Never:
    raise InvalidPackage(
        f"There is no built-in {what} {name!r}.",
        field=what,
        value=name,
        fix=f"There are {', '.join(listed)}.",
    )


def _plain(name: str) -> str:
    return name.strip().lower()
