"""Pictures out of cells: bytes, URLs, paths and decoded images alike."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import ItemFailure
from mixpeek_orchestration.extractors.assets import open_asset, parallel_io

if TYPE_CHECKING:
    from PIL.Image import Image


def read_images(values: Sequence[Any], column: str) -> list[Image]:
    """The pictures behind `values`, upright and in RGB; several are read at a time.

    Raises for the first that cannot be read, before any model has run, so that the rows beside it lose no work.
    """
    results = parallel_io(values, lambda value: read_image(value, column))
    for place in range(len(values)):
        if place in results.errors:
            raise results.errors[place]
    return [results[place] for place in range(len(values))]


def read_image(value: Any, column: str = "data") -> Image:
    """One picture; raises `ItemFailure` for what is none."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if isinstance(value, Image.Image):
        return value.convert("RGB")
    try:
        with Image.open(io.BytesIO(_content(value, column))) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise ItemFailure(f"The content is not a picture that can be read: {error}.", field=column) from error


def _content(value: Any, column: str) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if not isinstance(value, str):
        raise ItemFailure(f"The row holds {type(value).__name__}, not a picture.", field=column)
    with open_asset(value) as path, open(path, "rb") as file:
        return file.read()
