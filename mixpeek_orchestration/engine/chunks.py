"""How many source items travel together: enough to fill batches and to pay for the way, few enough that commits start
early and a crash loses little. The measure is time: a chunk should take about half a second."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.ports.extraction import SourceItem

MIN_ITEMS = 16
MAX_ITEMS = 256
MAX_BYTES = 16 * 1024 * 1024
CHUNK_S = 0.5
SHARED_CHUNK_S = 0.25
"""On a cluster, where several chunks are under way and finished ones wait: all of them are lost when the driver dies."""
CHUNKS_PER_WORKER = 8


def largest_batch(description: ExtractorDescription) -> int:
    """The largest batch that a step asks for, within limits: an author of slow steps declares small batches."""
    return min(max((step.batch_size for step in description.steps), default=MIN_ITEMS), MAX_ITEMS)


def chunk_items(description: ExtractorDescription, item_s: float | None, workers: int) -> int:
    """How many items a chunk holds that nobody can make smaller once it is under way.

    Where it is known that an item took `item_s` of a run's time with so many workers, as many whole batches as fit into
    `SHARED_CHUNK_S`, one at least; else one batch.
    """
    batch = largest_batch(description)
    if item_s is None:
        return max(batch, MIN_ITEMS)
    batches = SHARED_CHUNK_S / max(item_s * workers * batch, 1e-9)
    return min(MAX_ITEMS, batch * max(1, int(min(batches, MAX_ITEMS))))


def shared_out(limit: int, items: int, workers: int) -> int:
    """At most `limit` items a chunk, and fewer when so many workers would otherwise not all have some, often."""
    return min(limit, max(MIN_ITEMS, math.ceil(items / (workers * CHUNKS_PER_WORKER))))


class Pace:
    """Chunks that take about half a second: a batch first, then as many items as the work turns out to allow.

    Half a minute of work in one chunk would be half a minute without a commit, and lost by a crash.
    """

    def __init__(self, first: int, limit: int = MAX_ITEMS) -> None:
        self._limit = limit
        self.size = max(1, min(first, MIN_ITEMS, limit))

    def took(self, seconds: float) -> None:
        """Adjust to how long the last chunk took, by a factor of two at most."""
        wanted = self.size * CHUNK_S / max(seconds, 1e-6)
        self.size = max(1, min(self._limit, round(min(2 * self.size, max(self.size / 2, wanted)))))


def settled_items(group_s: float, item_s: float) -> int:
    """To how many items a `Pace` grows, where a chunk takes `group_s` and each of its items `item_s` more."""
    return max(1, min(MAX_ITEMS, round((CHUNK_S - group_s) / max(item_s, 1e-6))))


def content_bytes(item: SourceItem) -> int:
    """The size of everything that an extractor reads of the item."""
    return sum(row.size_bytes for row in item.rows)


def inline_bytes(item: SourceItem) -> int:
    """The size of the text that travels with the item itself."""
    return sum(len(row.text) for row in item.rows if row.text is not None)


def chunks(
    items: Iterable[SourceItem],
    size: int | Callable[[], int],
    *,
    max_bytes: int = MAX_BYTES,
    weigh: Callable[[SourceItem], int] = content_bytes,
) -> Iterator[list[SourceItem]]:
    """The items in order, at most `size` together, weighing no more than `max_bytes` unless one item alone does.

    A `size` that can be called is asked again for every chunk.
    """
    limit = size if callable(size) else lambda: size
    chunk: list[SourceItem] = []
    held = 0
    for item in items:
        weight = weigh(item)
        if chunk and (len(chunk) >= limit() or held + weight > max_bytes):
            yield chunk
            chunk, held = [], 0
        chunk.append(item)
        held += weight
    if chunk:
        yield chunk
