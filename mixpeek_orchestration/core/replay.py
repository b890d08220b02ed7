"""Replays: which collections a batch must pass that tries failed items again, and what such a batch says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.plan import REPLAYED
from mixpeek_orchestration.core.selection import METADATA, Selection
from mixpeek_orchestration.core.tiers import tier_of

TRIGGER: Final = "replay"


def path_below(collection_ids: Iterable[str], collections: Iterable[Collection]) -> list[str]:
    """These collections and all enabled ones that read them, directly or not, by tier."""
    started = set(collection_ids)
    by_id = {c.collection_id: c for c in collections if c.enabled or c.collection_id in started}
    tiers = tier_of(by_id.values())
    reached: set[str] = set()
    order = sorted(by_id, key=lambda cid: (tiers[cid], by_id[cid].created_at, cid))
    for collection_id in order:
        source = by_id[collection_id].source
        reads = source.type == "collection" and not reached.isdisjoint(source.ids)
        if collection_id in started or reads:
            reached.add(collection_id)
    return [cid for cid in order if cid in reached]


def replay_metadata(items: Mapping[str, Iterable[str]], **said: str | None) -> dict[str, Any]:
    """What a batch says that tries items again, by collection: only what was asked to be replayed runs there."""
    selection = Selection(reasons=(REPLAYED,), collection_ids=tuple(items))
    asked = {name: value for name, value in said.items() if value}
    return {
        "trigger": TRIGGER,
        METADATA: selection.as_metadata(),
        TRIGGER: {**asked, "items": {cid: len(list(chosen)) for cid, chosen in items.items()}},
    }
