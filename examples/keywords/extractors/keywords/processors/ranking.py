"""Which words of a passage tell most about it."""

import re
from collections import Counter
from pathlib import Path

WORD = re.compile(r"[A-Za-z]{2,}")
COMMON = frozenset((Path(__file__).parent.parent / "common_words.txt").read_text().split())


def ranked(passage: str, meanings: dict[str, str] | None) -> list[str]:
    """The words of the passage, the most telling one first: those that come often, then long ones.

    Raises LookupError for an abbreviation that the glossary does not know.
    """
    words = [word.lower() for found in WORD.findall(passage) for word in spelled_out(found, meanings).split()]
    counts = Counter(word for word in words if word not in COMMON)
    return sorted(counts, key=lambda word: (-counts[word], -len(word), word))


def spelled_out(word: str, meanings: dict[str, str] | None) -> str:
    if meanings is None or not word.isupper():
        return word
    if word not in meanings:
        raise LookupError(f"The glossary does not say what {word} means.")
    return meanings[word]
