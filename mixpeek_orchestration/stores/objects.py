"""The object store of a URL: a local folder, or any filesystem that fsspec can reach."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.ports.objects import ObjectStore

_LOCAL = frozenset({"", "file", "local"})


def open_objects(config: Mapping[str, Any]) -> ObjectStore:
    """The store that `config` names: `url` is a folder or `s3://bucket/prefix`, `options` go to fsspec.

    The configuration and the store can both be pickled, so a worker opens its own.
    """
    url, options = str(config.get("url", "")), dict(config.get("options", {}))
    if not url:
        raise InvalidInput(
            "An object store needs a URL.", field="url", value=url, fix="Name a folder or s3://bucket/prefix."
        )
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme in _LOCAL:
        from mixpeek_orchestration.stores.objects_folder import FolderObjectStore

        return FolderObjectStore(_folder(url, scheme))
    from mixpeek_orchestration.stores.objects_remote import RemoteObjectStore

    return RemoteObjectStore(url, options)


def _folder(url: str, scheme: str) -> Path:
    plain = unquote(url.split("://", 1)[1]) if scheme else url
    return Path(plain).expanduser().absolute()
