"""Tables of documents: LanceDB, and a twin in memory that passes the same contract suite."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.documents import DocumentStore

__all__ = ["open_documents"]


def open_documents(uri: str, options: Mapping[str, str] | None = None) -> DocumentStore:
    """The store of documents at a folder or object-store URL.

    `options` are Lance's storage options; without them S3 is reached by the usual `AWS_…` variables, an endpoint
    (`AWS_ENDPOINT_URL`) included. Nothing is touched before the first call.
    """
    from mixpeek_orchestration.stores.documents.access import storage_options
    from mixpeek_orchestration.stores.documents.lance_store import LanceDocumentStore

    chosen = storage_options(uri, os.environ) if options is None else options
    return LanceDocumentStore(uri, chosen)
