"""Row conditions: which rows of a batch a step processes, decided by MIME type."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from mixpeek_orchestration.core.errors import InvalidPackage


class RowCondition(StrEnum):
    """The rows a step is for. Every other row passes the step untouched."""

    ALWAYS = "ALWAYS"
    IS_TEXT = "IS_TEXT"
    IS_IMAGE = "IS_IMAGE"
    IS_VIDEO = "IS_VIDEO"
    IS_AUDIO = "IS_AUDIO"
    IS_PDF = "IS_PDF"
    IS_VISUAL = "IS_VISUAL"
    IS_VIDEO_OR_AUDIO = "IS_VIDEO_OR_AUDIO"


_PREFIXES: Final[dict[RowCondition, tuple[str, ...]]] = {
    RowCondition.ALWAYS: ("",),
    RowCondition.IS_TEXT: ("text/",),
    RowCondition.IS_IMAGE: ("image/",),
    RowCondition.IS_VIDEO: ("video/",),
    RowCondition.IS_AUDIO: ("audio/",),
    RowCondition.IS_PDF: ("application/pdf",),
    RowCondition.IS_VISUAL: ("image/", "video/"),
    RowCondition.IS_VIDEO_OR_AUDIO: ("video/", "audio/"),
}


def row_condition(value: object) -> RowCondition:
    """The condition that a package wrote, as a member or by name; raises `InvalidPackage` listing them all."""
    try:
        return RowCondition(str(value).rsplit(".", 1)[-1].upper())
    except ValueError as error:
        raise InvalidPackage(
            f"{value!r} is not a row condition.",
            field="condition",
            value=value,
            fix=f"Write one of {', '.join(f'RowCondition.{name}' for name in RowCondition)}.",
        ) from error


def matches(condition: str, mime_types: Sequence[str | None]) -> list[bool]:
    """Per row, whether `condition` holds. A row without a MIME type matches `ALWAYS` only."""
    prefixes = _PREFIXES[row_condition(condition)]
    return [(mime or "").lower().startswith(prefixes) for mime in mime_types]
