"""Whether a source needs a run, told from a listing: one mark stands for everything that a run depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Final

from mixpeek_orchestration.core.bucket import Property
from mixpeek_orchestration.core.fingerprint import canonical_json
from mixpeek_orchestration.core.syncs.filters import is_wanted, place_for
from mixpeek_orchestration.core.syncs.sync import Listed, Sync, SyncRules, SyncState

LONGEST_LOOK_S: Final = 3.0
"""A source that takes longer to list is listed by runs only."""


def mark_of(
    listing: Iterable[Listed], rules: SyncRules, properties: Mapping[str, Property], readers: Sequence[str]
) -> str:
    """What changes when a run of the sync could do something that the run before did not: with the files that matter,
    with the rules, with the places that the bucket has, with the collections that read it."""
    around = {
        "rules": asdict(rules),
        "properties": {name: prop.type for name, prop in properties.items()},
        "readers": sorted(readers),
    }
    mark = hashlib.sha256(canonical_json(around).encode())
    for one in sorted(_that_matter(listing, rules, properties), key=lambda one: one.path):
        mark.update(f"{one.path}\0{one.fingerprint}\n".encode("utf-8", "surrogatepass"))
    return mark.hexdigest()


def _that_matter(
    listing: Iterable[Listed], rules: SyncRules, properties: Mapping[str, Property]
) -> Iterator[Listed]:
    """Files that are not wanted matter only where an object of one is kept until the file goes."""
    for one in listing:
        kept = not rules.reconcile.on_filter_drift
        if kept or (is_wanted(one, rules.filters) and place_for(properties, one.path, rules)):
            yield one


def reason_without_look(state: SyncState, now: float) -> str | None:
    """Why a due sync needs a run, whatever its source holds; `None` when only a look can tell."""
    if state.is_requested:
        return "it was asked for"
    if not state.settled:
        return "the run before left something to do" if state.runs else "it never ran"
    if state.retry_at and now >= state.retry_at:
        return "a file is to be tried again"
    if state.listing_s > LONGEST_LOOK_S:
        return f"its source takes {state.listing_s:.0f} s to list"
    return None


def after_quiet_look(old: Sync, seen: Sync, *, files: int, took_s: float, now: float, stamp: str) -> Sync:
    """The sync, due again after its interval, knowing that a look found nothing new.

    A sync that ran or was changed since it was `seen` stays as it is.
    """
    if old.rules != seen.rules or old.state != seen.state:
        return old
    looked = replace(
        old.state,
        next_run_at=now + old.rules.polling_interval_seconds,
        last_polled_at=stamp,
        files_seen=files,
        listing_s=took_s,
        quiet_looks=old.state.quiet_looks + 1,
    )
    return replace(old, state=looked)
