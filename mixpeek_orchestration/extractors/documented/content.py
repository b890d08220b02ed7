"""Behind `shared.utilities.content.enums`."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ContentCategory"]


class ContentCategory(StrEnum):
    """What kind of content a blob is."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    PDF = "pdf"
    DOCUMENT = "document"
    EXCEL = "excel"
    MULTIMODAL = "multimodal"
    OTHER = "other"

    @classmethod
    def from_mime_type(cls, mime_type: str | None) -> ContentCategory:
        """The category of a MIME type; `OTHER` for one that is in none."""
        kind, _, subtype = (mime_type or "").lower().partition("/")
        if kind in ("text", "image", "video", "audio"):
            return cls(kind)
        return cls.PDF if subtype.startswith("pdf") else cls.OTHER
