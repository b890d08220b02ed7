"""Reading what a row points at: files, presigned URLs and object stores; many at a time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from mixpeek_orchestration.core.errors import ItemFailure, TransientItemFailure

_TIMEOUT_S = 60.0
_CHUNK = 1 << 20

Fetch = Callable[[str, str | None], tuple[str, bool]]
_fetch_with: Fetch | None = None


def fetch_with(fetch: Fetch) -> None:
    """From now on `download_asset` in this process asks `fetch`: a jailed worker cannot read assets itself."""
    global _fetch_with
    _fetch_with = fetch


class Results(dict[int, Any]):
    """Results by index of the item. What failed is absent, and in `errors` with its exception."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[int, Exception] = {}


def parallel_io(
    items: Sequence[Any],
    fn: Callable[[Any], Any] | None = None,
    max_workers: int = 8,
    *,
    process_fn: Callable[[Any], Any] | None = None,
) -> Results:
    """`fn` of every item, several at a time, by index; look into `.errors` for the indexes that are absent."""
    work = fn or process_fn
    if work is None:
        raise TypeError("parallel_io needs a function: parallel_io(items, fn).")
    results = Results()
    with ThreadPoolExecutor(max_workers=max_workers, thread_name_prefix="parallel_io") as pool:
        # Each in a copy of the caller's context, so that the SDK finds the platform of the running step there.
        futures = [pool.submit(copy_context().run, work, item) for item in items]
    for index, future in enumerate(futures):
        try:
            results[index] = future.result()
        except Exception as error:  # noqa: BLE001 - one bad item must not cost the others; it is recorded
            results.errors[index] = error
    return results


def download_asset(url: str, suffix: str | None = None) -> tuple[str, bool]:
    """A local path with the content of `url`, and whether it is a temporary copy that the caller deletes."""
    if _fetch_with is not None:
        return _fetch_with(url, suffix)
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        return _existing(unquote(parts.path) if parts.scheme else url), False
    handle, path = tempfile.mkstemp(suffix=suffix or Path(parts.path).suffix)
    try:
        with os.fdopen(handle, "wb") as target:
            _fetch(url, target)
    except BaseException:
        os.unlink(path)
        raise
    return path, True


@contextmanager
def open_asset(url: str, suffix: str | None = None) -> Iterator[str]:
    """A local path with the content of `url`, gone again (if it was a copy) when the block ends."""
    path, is_temporary = download_asset(url, suffix)
    try:
        yield path
    finally:
        if is_temporary:
            os.unlink(path)


def _existing(path: str) -> str:
    if not Path(path).is_file():
        raise ItemFailure("The asset is not there.", field="data", value=path)
    return path


def _fetch(url: str, target: Any) -> None:
    if urlsplit(url).scheme in ("http", "https"):
        _fetch_http(url, target)
        return
    import fsspec

    with fsspec.open(url, "rb") as source:
        while chunk := source.read(_CHUNK):
            target.write(chunk)


def _fetch_http(url: str, target: Any) -> None:
    import httpx

    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=True) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes(_CHUNK):
                target.write(chunk)
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        failure = TransientItemFailure if status in (408, 429) or status >= 500 else ItemFailure
        # The query of a signed URL is a secret, and so is the text of httpx's own error.
        raise failure(f"The asset answered {status}.", field="data", value=_without_query(url)) from None
    except httpx.TransportError as error:
        raise TransientItemFailure(
            f"The asset could not be read ({type(error).__name__}).", field="data", value=_without_query(url)
        ) from None


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))
