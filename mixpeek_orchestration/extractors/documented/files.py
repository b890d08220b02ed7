"""Behind `shared.utilities.files`."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.extractors.assets import download_asset

__all__ = ["resolve_url_to_local_path"]


def resolve_url_to_local_path(url: str, suffix: str | None = None, **_options: object) -> str:
    """A local path with the content of `url`; a path that exists here is returned as it is.

    The caller deletes what was downloaded; `open_asset` does that by itself.
    """
    if Path(url).is_file():
        return url
    return download_asset(url, suffix)[0]
