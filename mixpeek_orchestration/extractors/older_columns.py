"""Columns that older packages read instead of `data`. A batch has them for packages that name them, and only then:
bytes take memory.

| column                                                 | holds                                              |
|--------------------------------------------------------|----------------------------------------------------|
| `source_url`, `image_url`, `video_url`, `audio_url`    | the URL that is in `data`, for rows of that kind   |
| `image_bytes`, `video_bytes`, `audio_bytes`            | the content itself, for rows of that kind          |
| what the parameter `text_column` names                 | the text that is in `data`, for rows of text       |
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mixpeek_orchestration.extractors.closure import reachable
from mixpeek_orchestration.extractors.package_source import PIPELINE, PackageSource

URLS: Final[Mapping[str, str]] = {
    "source_url": "",
    "image_url": "image",
    "video_url": "video",
    "audio_url": "audio",
}
BYTES: Final[Mapping[str, str]] = {"image_bytes": "image", "video_bytes": "video", "audio_bytes": "audio"}
"""By column, the kind of the rows that have it; empty for every kind but text."""


TEXT_COLUMN: Final = "text_column"
"""The documented parameter with which a collection tells older packages where their text is."""


def older_columns(
    source: PackageSource, input_fields: Sequence[str] = (), parameters: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Those that the pipeline's modules name in a literal, or that are inputs, and the one that the parameter
    `text_column` names, unless the modules know a column of that name themselves; sorted."""
    trees = (source.trees[file] for file in reachable(source, PIPELINE))
    named = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    given = (parameters or {}).get(TEXT_COLUMN)
    of_text = {given} - {*named, *input_fields} if isinstance(given, str) and given else set()
    return tuple(sorted(({*named, *input_fields} & {*URLS, *BYTES}) | of_text))


def is_for(name: str, blob_type: str | None, mime_type: str | None) -> bool:
    """Whether a row is of the kind that a column is for."""
    is_text = blob_type == "text" or (mime_type or "").startswith("text/")
    kind = {**URLS, **BYTES}.get(name)
    if kind is None:
        return is_text
    return not is_text and (not kind or blob_type == kind or (mime_type or "").startswith(f"{kind}/"))
