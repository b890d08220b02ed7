"""The built-in services, by the ids and class names that Mixpeek's documentation gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.services.bge import BGERerankerBatch
from mixpeek_orchestration.extractors.services.clip import CLIPEmbeddingBatch
from mixpeek_orchestration.extractors.services.e5 import E5TextEmbeddingBatch
from mixpeek_orchestration.extractors.services.faces import (
    FaceAlignmentBatch,
    FaceDetectionBatch,
    FaceEmbeddingBatch,
)
from mixpeek_orchestration.extractors.services.jina_code import JinaCodeEmbeddingBatch
from mixpeek_orchestration.extractors.services.minilm import MiniLMEmbeddingBatch
from mixpeek_orchestration.extractors.services.service import BuiltInService
from mixpeek_orchestration.extractors.services.siglip import SigLIPEmbeddingBatch


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
    Entry(FaceDetectionBatch, "Faces"),
    Entry(FaceAlignmentBatch, "Faces"),
    Entry(FaceEmbeddingBatch, "Faces"),
)


def get_batch_service(model_id: str) -> type[BuiltInService]:
    """The batch step behind a model id; raises `InvalidPackage` listing the ids that there are."""
    return _by(model_id, {_plain(name): entry.service for entry in SERVICES for name in entry.ids}, "service")


def service_by_class(name: str) -> type[BuiltInService]:
    """The batch step with this class name; raises `InvalidPackage` listing the names that there are."""
    return _by(name, {_plain(entry.service.__name__): entry.service for entry in SERVICES}, "service class")


def live_service(service_id: str, config: Mapping[str, Any] | None = None) -> BuiltInService:
    """An instance of the service with this id, for `container.inference.get(id)`; it loads its model when it is
    first used."""
    return get_batch_service(service_id)(config)


def _by(name: str, known: Mapping[str, type[BuiltInService]], what: str) -> type[BuiltInService]:
    found = known.get(_plain(name))
    if found is None:
        listed = [
            entry.ids[0] if what == "service" else entry.service.__name__
            for entry in SERVICES
            if entry.ids or what != "service"
        ]
        raise InvalidPackage(
            f"There is no built-in {what} {name!r}.",
            field=what,
            value=name,
            fix=f"There are {', '.join(listed)}.",
        )
    return found


def _plain(name: str) -> str:
    return name.strip().lower()
