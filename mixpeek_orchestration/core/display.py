"""Names that people chose, made safe to show: in a terminal, in a picture, in a page."""

from __future__ import annotations

import unicodedata
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shown(text: str) -> str:
    """The text with everything replaced that is no visible character: controls, marks that turn the direction of
    text, halves of characters. What is left is one line, and valid in XML."""
    return "".join(REPLACEMENT if unicodedata.category(char) in _UNSHOWABLE else char for char in text)


def fitted(text: str, cells: int) -> str:
    """The visible text, cut with an ellipsis to a width in cells; East Asian characters are two cells wide."""
    visible = shown(text)
    if width(visible) <= cells:
        return visible
    kept, used = "", 1
    for char in visible:
        used += width(char)
        if used > cells:
            break
        kept += char
    return f"{kept}…"


def width(text: str) -> int:
    """How many cells of a monospaced font a text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
