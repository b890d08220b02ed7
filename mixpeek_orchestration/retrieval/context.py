"""What a retriever runs against."""

from __future__ import annotations

from dataclasses import dataclass

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import QueryEncoder


@dataclass(frozen=True)
class RetrievalContext:
    """The ports that executing a retriever needs; one for the whole process."""

    catalog: Catalog
    documents: DocumentStore
    encoder: QueryEncoder
