"""Keeping a file that an extractor made: it gets an address of ours that outlives the worker."""

from __future__ import annotations

import os

from mixpeek_orchestration.core.errors import ItemFailure
from mixpeek_orchestration.extractors.container import current_platform


def upload_asset(
    path: str | os.PathLike[str],
    namespace_id: str | None = None,
    internal_id: str | None = None,
    resource_id: str | None = None,
) -> str:
    """The URL of ours for the content of a local file. The same content has the same address, so running twice keeps
    it once; the ids of the documented signature are accepted."""
    if not os.path.isfile(path):
        raise ItemFailure("There is no such file to upload.", field="path", value=str(path))
    platform = current_platform("upload_asset")
    return platform.upload(
        os.fspath(path), namespace_id=namespace_id, internal_id=internal_id, resource_id=resource_id
    )
