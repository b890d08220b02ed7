"""Tables of documents: LanceDB, and a twin in memory that passes the same contract suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.documents import DocumentStore

__all__ = ["open_documents"]


def open_documents(uri: str, options: Mapping[str, str] | None = None) -> DocumentStore:
    """The store of documents at a folder or object-store URL.

    `options` are Lance's storage options (credentials, endpoint). Nothing is touched before the first call.
    """
    from mixpeek_orchestration.stores.documents.lance_store import LanceDocumentStore

    return LanceDocumentStore(uri, options or {})
