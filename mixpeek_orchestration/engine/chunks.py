"""How many source items travel together: enough to fill batches, few enough that commits start early."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.ports.extraction import SourceItem

MIN_ITEMS = 16
MAX_ITEMS = 256
MAX_BYTES = 16 * 1024 * 1024


def chunk_items(description: ExtractorDescription) -> int:
    """The largest batch that a step asks for, within limits: an author of slow steps declares small batches."""
    largest = max((step.batch_size for step in description.steps), default=MIN_ITEMS)
    return min(max(largest, MIN_ITEMS), MAX_ITEMS)


def content_bytes(item: SourceItem) -> int:
    """The size of everything that an extractor reads of the item."""
    return sum(row.size_bytes for row in item.rows)


def inline_bytes(item: SourceItem) -> int:
    """The size of the text that travels with the item itself."""
    return sum(len(row.text) for row in item.rows if row.text is not None)


def chunks(
    items: Iterable[SourceItem],
    size: int,
    *,
    max_bytes: int = MAX_BYTES,
    weigh: Callable[[SourceItem], int] = content_bytes,
) -> Iterator[list[SourceItem]]:
    """The items in order, at most `size` together, weighing no more than `max_bytes` unless one item alone does."""
    chunk: list[SourceItem] = []
    held = 0
    for item in items:
        weight = weigh(item)
        if chunk and (len(chunk) == size or held + weight > max_bytes):
            yield chunk
            chunk, held = [], 0
        chunk.append(item)
        held += weight
    if chunk:
        yield chunk
