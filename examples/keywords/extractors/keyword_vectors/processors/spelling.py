"""Words as vectors of the pieces that they are spelled with, so that related words lie near each other."""

import math
import zlib

from ..manifest import DIMENSION

PIECE = 3


def vector_of(words: str) -> list[float]:
    """A vector of length 1: every piece of three letters counts in the place that its checksum names."""
    counts = [1e-6] * DIMENSION
    for word in words.lower().split():
        marked = f"<{word}>"
        for start in range(len(marked) - PIECE + 1):
            counts[zlib.crc32(marked[start : start + PIECE].encode()) % DIMENSION] += 1.0
    length = math.sqrt(sum(count * count for count in counts))
    return [count / length for count in counts]
